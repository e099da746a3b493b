import { randomId, whenSettled, type Json, type JsonObject, type SandboxId } from '../../../kernel/index.ts'
import type { KeyValue, MaybePromise } from '../../../stores/ports.ts'
import { listAll } from '../../clients/client-directory.ts'
import type { UserConditions } from './conditions.ts'
import { hashPassword } from './password.ts'
import { findClaimFault } from './user-claims.ts'

/** A made-up person who can sign in to one sandbox. */
export interface TestUser {
  /** Subject identifier (OpenID Connect Core §2), unique over all sandboxes. */
  readonly sub: string
  /** Unique in the sandbox; the claim `preferred_username`. */
  readonly username: string
  readonly name: string
  readonly email: string
  /** Further claims, standard and production's own. */
  readonly claims?: JsonObject
  readonly conditions?: UserConditions
  /** Present when the user has to give a password. */
  readonly passwordHash?: string
}

/** What a test user is made of. Without a password, one click signs in. */
export interface NewTestUser extends Omit<TestUser, 'sub' | 'passwordHash'> { readonly password?: string }

/** What may be changed; `null` takes the password away. */
export type TestUserChange = Partial<Omit<NewTestUser, 'password'>> & { readonly password?: string | null }

/** The test users of each sandbox; a user of one sandbox cannot be found through another. */
export interface TestUsers {
  /** Rejects with UserRefused when the name is taken or a claim is not acceptable. */
  readonly create: (sandboxId: SandboxId, user: NewTestUser) => Promise<TestUser>
  readonly list: (sandboxId: SandboxId) => Promise<readonly TestUser[]>
  readonly get: (sandboxId: SandboxId, sub: string) => MaybePromise<TestUser | undefined>
  readonly findByUsername: (sandboxId: SandboxId, username: string) => Promise<TestUser | undefined>
  /** Rejects as `create` does. Undefined when there is none. */
  readonly update: (sandboxId: SandboxId, sub: string, change: TestUserChange) => Promise<TestUser | undefined>
  /** False when there was none. */
  readonly delete: (sandboxId: SandboxId, sub: string) => Promise<boolean>
}

/** A test user cannot be as wanted; the message says why and may be shown to whoever sent it. */
export class UserRefused extends Error {
  override readonly name = 'UserRefused'
  /** JSON Pointer to the member that is wrong. */
  readonly pointer: string

  constructor (pointer: string, message: string) {
    super(message)
    this.pointer = pointer
  }
}

/** Characters of a user name that are looked up at most. */
const USERNAME_LENGTH_MAX = 64

/** Test users over the store. */
export function createTestUsers (keyValue: KeyValue): TestUsers {
  const space = (sandboxId: SandboxId): string => `test-user:${sandboxId}`
  const names = (sandboxId: SandboxId): string => `test-user-name:${sandboxId}`
  const get = (sandboxId: SandboxId, sub: string): MaybePromise<TestUser | undefined> => whenSettled(keyValue.get(space(sandboxId), sub), (value) => value === undefined ? undefined : value as unknown as TestUser)

  async function takeName (sandboxId: SandboxId, username: string, sub: string): Promise<void> {
    if (!await keyValue.putIfAbsent(names(sandboxId), username, sub)) throw new UserRefused('/username', `The sandbox has a test user ${username} already`)
  }

  return {
    get,
    async create (sandboxId, wanted) {
      refuseClaims(wanted.claims)
      const sub = randomId('usr')
      const { password, ...rest } = wanted
      const user: TestUser = { sub, ...rest, ...(password === undefined ? {} : { passwordHash: await hashPassword(password) }) }
      await takeName(sandboxId, user.username, sub)
      await keyValue.put(space(sandboxId), sub, user as unknown as Json)
      return user
    },
    async list (sandboxId) {
      const users = (await listAll(keyValue, space(sandboxId))).map(({ value }) => value as unknown as TestUser)
      return users.sort((a, b) => a.username < b.username ? -1 : 1)
    },
    async findByUsername (sandboxId, username) {
      if (username === '' || username.length > USERNAME_LENGTH_MAX) return undefined
      const sub = await keyValue.get(names(sandboxId), username)
      return typeof sub === 'string' ? await get(sandboxId, sub) : undefined
    },
    async update (sandboxId, sub, { password, ...change }) {
      refuseClaims(change.claims)
      const user = await get(sandboxId, sub)
      if (user === undefined) return undefined
      const { passwordHash, ...kept } = user
      const hash = password === undefined ? passwordHash : password === null ? undefined : await hashPassword(password)
      const changed: TestUser = { ...kept, ...change, ...(hash === undefined ? {} : { passwordHash: hash }) }
      if (changed.username !== user.username) await takeName(sandboxId, changed.username, sub)
      await keyValue.put(space(sandboxId), sub, changed as unknown as Json)
      if (changed.username !== user.username) await keyValue.delete(names(sandboxId), user.username)
      return changed
    },
    async delete (sandboxId, sub) {
      const user = await keyValue.take(space(sandboxId), sub) as unknown as TestUser | undefined
      if (user === undefined) return false
      await keyValue.delete(names(sandboxId), user.username)
      return true
    },
  }
}

function refuseClaims (claims: JsonObject | undefined): void {
  const found = claims === undefined ? undefined : findClaimFault(claims)
  if (found !== undefined) throw new UserRefused(found.name === '' ? '/claims' : `/claims/${found.name.replaceAll('~', '~0').replaceAll('/', '~1')}`, found.name === '' ? found.fault : `The claim ${found.name} ${found.fault}`)
}

import { randomId, whenSettled, type Json, type SandboxId } from '../../kernel/index.ts'
import type { KeyValue, MaybePromise } from '../../stores/ports.ts'
import { listAll } from '../clients/client-directory.ts'

/** A made-up person who can sign in to one sandbox. */
export interface TestUser {
  /** Subject identifier (OpenID Connect Core §2), unique over all sandboxes. */
  readonly sub: string
  readonly username: string
  readonly name: string
  readonly email: string
}

/** The test users of each sandbox; a user of one sandbox cannot be found through another. */
export interface TestUsers {
  readonly create: (sandboxId: SandboxId, user: Omit<TestUser, 'sub'>) => Promise<TestUser>
  readonly list: (sandboxId: SandboxId) => Promise<readonly TestUser[]>
  readonly get: (sandboxId: SandboxId, sub: string) => MaybePromise<TestUser | undefined>
  readonly delete: (sandboxId: SandboxId, sub: string) => MaybePromise<void>
}

/** Test users over the store. */
export function createTestUsers (keyValue: KeyValue): TestUsers {
  const space = (sandboxId: SandboxId): string => `test-user:${sandboxId}`
  return {
    async create (sandboxId, { username, name, email }) {
      const user: TestUser = { sub: randomId('usr'), username, name, email }
      await keyValue.put(space(sandboxId), user.sub, { ...user })
      return user
    },
    async list (sandboxId) {
      const users = (await listAll(keyValue, space(sandboxId))).map(({ value }) => readUser(value))
      return users.sort((a, b) => a.username < b.username ? -1 : 1)
    },
    get: (sandboxId, sub) => whenSettled(keyValue.get(space(sandboxId), sub), (value) => value === undefined ? undefined : readUser(value)),
    delete: (sandboxId, sub) => keyValue.delete(space(sandboxId), sub),
  }
}

function readUser (value: Json): TestUser {
  return value as unknown as TestUser
}

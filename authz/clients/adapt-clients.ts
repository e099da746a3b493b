import { errors, Provider, type Client } from 'oidc-provider'
import { CIBA, DEVICE_CODE } from '../grant-types.ts'
import { isHashOf } from './secret-keeper.ts'
import type { CarriedSecrets } from './describe-client.ts'

interface KeyStore {
  selectForVerify: (options: object) => unknown[]
  selectForDecrypt: (options: object) => unknown[]
}

type LibraryClient = Client & { readonly symmetricKeyStore: KeyStore, metadata: () => Record<string, unknown> }
interface ClientClass {
  new (metadata: Record<string, unknown>): LibraryClient
  readonly prototype: { compareClientSecret: (this: LibraryClient, actual: string) => boolean, grantTypeAllowed: (this: LibraryClient, type: string) => boolean }
  find: (id: string) => Promise<LibraryClient | undefined>
}

/**
 * Adapts the library's clients, on the class of this provider alone.
 *
 * - A secret is compared by its hash, and the former one is as good while its overlap lasts; so is an assertion made with it.
 * - A grant that the client is not registered for is `unauthorized_client` (RFC 6749 §5.2); the library says `invalid_request`.
 */
export function adaptClients (provider: Provider): void {
  const ClientOf = provider.Client as unknown as ClientClass
  const { prototype } = ClientOf
  const find = ClientOf.find.bind(ClientOf)
  const isAllowed = Reflect.get(prototype, 'grantTypeAllowed')
  const equipped = new WeakSet<LibraryClient>()

  prototype.compareClientSecret = function compareClientSecret (actual) {
    return secretsOf(this)?.hashes.map((hash) => isHashOf(hash, actual)).includes(true) === true
  }

  prototype.grantTypeAllowed = function grantTypeAllowed (type) {
    if (isAllowed.call(this, type)) return true
    const { oidc } = Provider.ctx ?? {}
    if (oidc?.route === 'token' && oidc.params?.['grant_type'] === type) throw new errors.UnauthorizedClient('requested grant type is not allowed for this client')
    if (GRANT_OF_ROUTE[oidc?.route ?? ''] === type) throw new errors.UnauthorizedClient(`${type} is not allowed for this client`)
    return false
  }

  ClientOf.find = async (id) => {
    const client = await find(id)
    const former = client === undefined ? undefined : secretsOf(client)?.former
    if (client !== undefined && former !== undefined && !equipped.has(client)) {
      equipped.add(client)
      const twin = new ClientOf({ ...client.metadata(), client_secret: former })
      addKeys(client.symmetricKeyStore, twin.symmetricKeyStore)
    }
    return client
  }
}

/** Endpoints that begin a grant of their own (RFC 8628 §3.2, CIBA Core §13). */
const GRANT_OF_ROUTE: Readonly<Record<string, string>> = {
  device_authorization: DEVICE_CODE,
  backchannel_authentication: CIBA,
}

/** The former secret's keys verify and decrypt as the current one's do; only the current one's sign and encrypt. */
function addKeys (current: KeyStore, former: KeyStore): void {
  const [selectForVerify, selectForDecrypt] = [current.selectForVerify.bind(current), current.selectForDecrypt.bind(current)]
  current.selectForVerify = (options) => [...selectForVerify(options), ...former.selectForVerify(options)]
  current.selectForDecrypt = (options) => [...selectForDecrypt(options), ...former.selectForDecrypt(options)]
}

function secretsOf (client: LibraryClient): CarriedSecrets | undefined {
  return client['sandgate_secrets'] as CarriedSecrets | undefined
}

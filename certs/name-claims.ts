import { isJsonObject } from '../kernel/index.ts'
import type { KeyValue } from '../stores/ports.ts'
import type { AlternativeName } from './alternative-names.ts'

/** Which sandbox may have a name in certificates and may authenticate a client by it. */
export interface NameClaims {
  /**
   * Claims names for a sandbox: each belongs to the sandbox that asked first, for as long as the installation lives.
   *
   * @returns the names that are another sandbox's; empty when all are this one's now
   */
  readonly claim: (sandboxId: string, names: readonly AlternativeName[]) => Promise<readonly AlternativeName[]>
}

const SPACE = 'certificate-name'

/**
 * Keeps the subject alternative names of all sandboxes apart. One authority issues for all, and a client can be
 * authenticated by a name alone (`tls_client_auth_san_*`, RFC 8705 §2.1.2): if two sandboxes had a certificate for one name,
 * each could be the other's client. So a name is claimed before a certificate carries it and before a client is registered
 * by it. Letter case makes no difference to a claim.
 */
export function createNameClaims ({ keyValue }: { readonly keyValue: KeyValue }): NameClaims {
  const ownerOf = async (key: string): Promise<string | undefined> => {
    const entry = await keyValue.get(SPACE, key)
    return isJsonObject(entry) && typeof entry['sandbox'] === 'string' ? entry['sandbox'] : undefined
  }
  const isOthers = async (sandboxId: string, name: AlternativeName, take: boolean): Promise<boolean> => {
    const key = `${name.kind}:${name.value.toLowerCase()}`
    if (take && await keyValue.putIfAbsent(SPACE, key, { sandbox: sandboxId })) return false
    const owner = await ownerOf(key)
    return owner !== undefined && owner !== sandboxId
  }
  const select = async (sandboxId: string, names: readonly AlternativeName[], take: boolean): Promise<readonly AlternativeName[]> => {
    const verdicts = await Promise.all(names.map(async (name) => await isOthers(sandboxId, name, take)))
    return names.filter((_, index) => verdicts[index])
  }
  return {
    claim: async (sandboxId, names) => {
      // Nothing is taken when something cannot be had.
      const taken = await select(sandboxId, names, false)
      return taken.length > 0 ? taken : await select(sandboxId, names, true)
    },
  }
}

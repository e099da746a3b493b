import forge from 'node-forge'

/** Wraps DER in a PEM block (RFC 7468 §2) with line feeds, as OpenSSL writes it. */
export function encodePem (label: 'CERTIFICATE' | 'CERTIFICATE REQUEST' | 'X509 CRL', der: Uint8Array): string {
  const body = Buffer.from(der).toString('latin1')
  return forge.pem.encode({ type: label, body }, { maxline: 64 }).replaceAll('\r\n', '\n')
}

/**
 * The DER of every block with one of the labels (RFC 7468 §2), in the order of the text; blocks with other labels are
 * passed over.
 *
 * @returns undefined when the text holds no such block, or a block is damaged
 */
export function decodePem (text: string, labels: readonly string[]): Buffer[] | undefined {
  try {
    const found = forge.pem.decode(text).filter((block) => labels.includes(block.type))
    return found.length === 0 ? undefined : found.map((block) => Buffer.from(block.body, 'latin1'))
  } catch {
    return undefined
  }
}

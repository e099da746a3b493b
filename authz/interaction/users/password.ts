import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

const SALT_BYTES = 16
const KEY_BYTES = 32

/** A test user's password as it is kept: scrypt with a salt of its own, so that a real password entered by mistake is not lying about. */
export async function hashPassword (password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  return `${salt.toString('base64url')}.${(await derive(password, salt)).toString('base64url')}`
}

/** Compares in constant time. */
export async function isPassword (password: string, hash: string): Promise<boolean> {
  const [salt = '', kept = ''] = hash.split('.')
  const expected = Buffer.from(kept, 'base64url')
  const actual = await derive(password, Buffer.from(salt, 'base64url'))
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}

async function derive (password: string, salt: Buffer): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    scrypt(password, salt, KEY_BYTES, { N: 4096 }, (fault, key) => fault === null ? resolve(key) : reject(fault))
  })
}

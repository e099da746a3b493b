import { readFileSync, statSync } from 'node:fs'
import { extname } from 'node:path'
import type { Config } from '../config/index.ts'

type BrandConfig = Config['profile']['brand']

const TYPES: ReadonlyMap<string, string> = new Map([['.png', 'image/png'], ['.svg', 'image/svg+xml'], ['.jpg', 'image/jpeg'], ['.jpeg', 'image/jpeg'], ['.webp', 'image/webp']])
const BYTES_MAX = 65_536

/**
 * Production's name, colour and logo for the pages. The logo is read once and travels in the page, so that nothing else is
 * loaded; as an image it cannot run a script.
 *
 * @throws Error at start when the file is no image of a known kind or larger than 64 KiB
 */
export function readBrand ({ name, colour, logoFile }: BrandConfig): { readonly name: string, readonly colour: string, readonly logo?: string } {
  if (logoFile === '') return { name, colour }
  const type = TYPES.get(extname(logoFile).toLowerCase())
  if (type === undefined) throw new Error(`profile.brand.logo_file must end in ${[...TYPES.keys()].join(', ')}: ${logoFile}`)
  if (statSync(logoFile).size > BYTES_MAX) throw new Error(`profile.brand.logo_file is larger than ${BYTES_MAX} bytes: ${logoFile}`)
  return { name, colour, logo: `data:${type};base64,${readFileSync(logoFile).toString('base64')}` }
}

import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { Json, JsonObject } from '../../kernel/index.ts'
import type { ApiDocument, SupportNote } from './document.ts'
import { compilePattern } from './bounded-pattern.ts'
import { normalizeDocument, type Direction } from './normalize-document.ts'

/** What is wrong with a value; never holds the value itself. */
export interface Violation {
  /** JSON Pointer to the offending member; for a missing member, the pointer it should have. */
  readonly pointer: string
  readonly keyword: string
  readonly message: string
}

/** Checks a value; undefined when it is valid. */
export type Validator = (value: Json) => Violation | undefined

/** Validators by schema pointer, each compiled at its first use. */
export interface Validators {
  readonly of: (pointer: string, direction: Direction) => Validator
}

/** Prepares validation against every schema of a document. Only the first violation is looked for, so a hostile body costs little. */
export function createValidators (document: ApiDocument, notes: SupportNote[]): Validators {
  const engines = new Map<Direction, Ajv2020>([['request', createEngine(normalizeDocument(document, 'request', notes))]])
  const compiled = new Map<string, Validator>()

  function engineOf (direction: Direction): Ajv2020 {
    const engine = engines.get(direction) ?? createEngine(normalizeDocument(document, direction, []))
    engines.set(direction, engine)
    return engine
  }

  return {
    of (pointer, direction) {
      const key = `${direction} ${pointer}`
      const known = compiled.get(key)
      if (known !== undefined) return known
      const validator = toValidator(engineOf(direction).compile({ $ref: `document#${encodePointer(pointer)}` }))
      compiled.set(key, validator)
      return validator
    },
  }
}

function createEngine (root: JsonObject): Ajv2020 {
  const regExp = Object.assign((pattern: string) => compilePattern(pattern) ?? { test: () => true, toString: () => pattern }, { code: 'boundedPattern' })
  const engine = new Ajv2020({ strict: false, validateSchema: false, allErrors: false, ownProperties: true, logger: false, code: { regExp } })
  // ajv-formats is a CommonJS module: its types call the callable namespace `default`.
  ;(addFormats as unknown as (engine: Ajv2020) => void)(engine)
  for (const format of ['int32', 'int64', 'float', 'double', 'password', 'binary', 'byte']) engine.addFormat(format, true)
  engine.addSchema(root, 'document')
  return engine
}

function encodePointer (pointer: string): string {
  return pointer.split('/').map(encodeURIComponent).join('/')
}

function toValidator (validate: ValidateFunction): Validator {
  return value => {
    if (validate(value)) return undefined
    const error = [...validate.errors ?? []].sort((a, b) => b.instancePath.length - a.instancePath.length)[0]
    return error === undefined ? { pointer: '', keyword: 'schema', message: 'is not valid' } : toViolation(error)
  }
}

function toViolation (error: ErrorObject): Violation {
  const parameters = error.params as Record<string, unknown>
  const child = error.keyword === 'required' ? parameters['missingProperty'] : error.keyword === 'additionalProperties' ? parameters['additionalProperty'] : error.keyword === 'unevaluatedProperties' ? parameters['unevaluatedProperty'] : undefined
  const pointer = typeof child === 'string' ? `${error.instancePath}/${child.replaceAll('~', '~0').replaceAll('/', '~1')}` : error.instancePath
  return { pointer, keyword: error.keyword, message: describe(error, parameters) }
}

function describe (error: ErrorObject, parameters: Record<string, unknown>): string {
  if (error.keyword === 'required') return 'is required'
  if (error.keyword === 'additionalProperties' || error.keyword === 'unevaluatedProperties') return 'is not a known member'
  if (error.keyword === 'enum') {
    const allowed = parameters['allowedValues'] as readonly unknown[]
    return allowed.length > 12 ? 'must be one of the documented values' : `must be one of: ${allowed.join(', ')}`
  }
  if (error.keyword === 'const') return `must be ${JSON.stringify(parameters['allowedValue'])}`
  if (error.keyword === 'oneOf' || error.keyword === 'anyOf') return 'does not match any of the documented forms'
  return error.message ?? 'is not valid'
}

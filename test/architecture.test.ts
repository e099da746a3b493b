import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import t from 'tap'
import { createPipeline, type PipelineDeps } from '../gateway/pipeline.ts'
import { errors, type ErrorCode } from '../kernel/index.ts'

const FOLDERS = '{kernel,config,stores,certs,authz,sandbox-core,gateway,console,cli}'
const sources = globSync(`${FOLDERS}/**/*.ts`).sort().map((file) => ({ file, text: readFileSync(file, 'utf8') }))
const outside = sources.filter(({ file }) => file !== 'kernel/errors.ts')
const codes = Object.keys(errors) as ErrorCode[]
const nothing: unknown = new Proxy({}, { get: () => nothing })
const { rows } = createPipeline(nothing as PipelineDeps)

t.test('errors', async (t) => {
  t.test('every code of the table is used by the code that refuses', async (t) => {
    const text = outside.map((source) => source.text).join('\n')
    for (const code of codes) t.ok(text.includes(`'${code}'`), code)
  })

  t.test('every code that a refusal names is in the table', async (t) => {
    // The type checker holds what is typed to ErrorCode; this holds what is written in documents and comments too.
    const named = outside.flatMap(({ file, text }) => [...text.matchAll(/@refuses ([\s\S]*?)(?:\n \*\/|\n \* @|\n \*\n)/g)].flatMap(([, list = '']) => [...list.matchAll(/\b([a-z]+(?:_[a-z]+)+)\b(?= \d{3})/g)].map(([, code = '']) => ({ file, code }))))
    t.ok(named.length > 20, 'stages name what they refuse')
    for (const { file, code } of named) t.ok(code in errors, `${file}: ${code}`)
    for (const { file, text } of outside) for (const [, code = '', status = ''] of text.matchAll(/\b([a-z]+(?:_[a-z]+)+) (\d{3})\b(?=[ ·\n])/g)) if (code in errors) t.equal(Number(status), errors[code as ErrorCode].status, `${file}: ${code} is told with its status`)
  })

  t.test('docs/errors.md has an entry for each code and for no other', async (t) => {
    const documented = [...readFileSync('docs/errors.md', 'utf8').matchAll(/^## (\S+)$/gm)].map(([, code]) => code)
    t.same(documented, codes)
  })
})

t.test('stages', async (t) => {
  const files = globSync('gateway/stages/*.ts').map((file) => basename(file, '.ts')).sort()

  t.test('every file is a row of the table, and every row but dispatch is a file of its name', async (t) => {
    const names = new Set<string>(rows.map((row) => row.stage.name))
    t.same([...names].filter((name) => name !== 'dispatch').sort(), files)
    t.ok(existsSync('gateway/pipeline/dispatch.ts'))
  })

  t.test('every file has its stage, and its export is its name', async (t) => {
    for (const file of files) {
      const text = readFileSync(`gateway/stages/${file}.ts`, 'utf8')
      t.match(text, `name: '${file}'`)
      t.match(text, `export function ${file.replace(/-(\w)/g, (_match, letter: string) => letter.toUpperCase())} (`)
    }
  })

  t.test('every stage is tested by its file\'s name or with its family', async (t) => {
    const tests = globSync('test/gateway/stages/*.test.ts').map((file) => readFileSync(file, 'utf8')).join('\n')
    for (const file of files) t.match(tests, `gateway/stages/${file}.ts`)
  })
})

t.test('the house', async (t) => {
  t.test('files are kebab-case', async (t) => {
    t.same(sources.map(({ file }) => file).filter((file) => !/^[a-z0-9/-]+(?:\.d)?\.ts$/.test(file)), [])
  })

  t.test('no folder is called by what says nothing', async (t) => {
    t.same(sources.map(({ file }) => file).filter((file) => /(?:^|\/)(?:src|lib|utils?|helpers?|common|services?|managers?)\//.test(file)), [])
  })

  t.test('there are no default exports, enums, namespaces or any', async (t) => {
    for (const [name, pattern] of [['default export', /^export default/m], ['enum', /^(?:export )?(?:const )?enum /m], ['namespace', /^(?:export )?(?:declare )?namespace /m], ['any', /[:<] ?any\b(?! )/]] as const) {
      t.same(sources.filter(({ text }) => pattern.test(text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, ''))).map(({ file }) => file), [], name)
    }
  })

  t.test('only compose and main of the gateway construct the large parts', async (t) => {
    const constructors = /\b(?:openEmbeddedStores|openRedisStores|createSandboxCore|createAuthorizationServer|createAbuseEngine|createWebhooks) ?\(/
    const uses = sources.filter(({ file, text }) => !/^(?:stores|sandbox-core|authz|gateway\/abuse)\//.test(file) && constructors.test(text)).map(({ file }) => file)
    t.same(uses, ['gateway/compose.ts'])
  })
})

t.test('generated documents are fresh', async (t) => {
  const checked = spawnSync(process.execPath, ['tools/generate-docs.ts', '--check'], { encoding: 'utf8' })
  t.equal(checked.status, 0, checked.stderr)
})

/** The import table of the house (docs/architecture.md), as rules. `docs` and DESIGN words: who may know whom. */
const forbid = (name, from, to, comment) => ({ name, severity: 'error', comment, from, to })
const folders = ['kernel', 'config', 'stores', 'certs', 'authz', 'sandbox-core', 'gateway', 'console', 'cli']
const ours = (allowed) => `^(?:${folders.filter((folder) => !allowed.includes(folder)).join('|')})/`

const mayImport = {
  kernel: [],
  config: ['kernel'],
  stores: ['kernel'],
  certs: ['kernel', 'stores'],
  authz: ['kernel', 'stores', 'certs'],
  'sandbox-core': ['kernel', 'stores'],
  console: [],
  cli: ['kernel', 'config', 'authz', 'gateway'],
}

module.exports = {
  forbidden: [
    ...Object.entries(mayImport).map(([folder, allowed]) => forbid(`${folder}-imports`, { path: `^${folder}/` }, { path: ours([...allowed, folder]) }, `${folder} may import ${allowed.join(', ') || 'nothing of ours'}`)),
    forbid('doors-only', { path: `^(${folders.join('|')})/` }, { path: `^(?:${folders.join('|')})/.+`, pathNot: ['^(?:[^/]+)/index\\.ts$', '^$1/', '^stores/ports\\.ts$'] }, 'only a folder\'s index.ts is imported from outside'),
    forbid('own-door', { path: `^(${folders.join('|')})/(?!main\\.ts)` }, { path: '^$1/index\\.ts$' }, 'no folder imports its own door'),
    forbid('ports-not-drivers', { path: '^(?:certs|authz|sandbox-core|gateway/(?:stages|limits|abuse|scrub))/' }, { path: '^stores/', pathNot: '^stores/ports\\.ts$', dependencyTypesNot: ['type-only'] }, 'they know the ports and no driver'),
    forbid('stages-stand-alone', { path: '^gateway/stages/([^/]+)\\.ts$' }, { path: '^gateway/stages/', pathNot: '^gateway/stages/$1\\.ts$' }, 'no stage imports another stage'),
    forbid('capabilities-stand-alone', { path: '^gateway/(limits|abuse|scrub|errors|body)/' }, { path: '^(?:config|certs|authz|sandbox-core|console|cli|gateway)/', pathNot: '^gateway/$1/' }, 'limits, abuse, scrub, errors and body know the kernel and the ports\' types'),
    forbid('stages-need-little', { path: '^gateway/stages/' }, { path: '^(?:config|console|cli)/' }, 'a stage never loads configuration'),
    forbid('stages-know-types', { path: '^gateway/stages/' }, { path: '^(?:authz|certs|sandbox-core)/', dependencyTypesNot: ['type-only'] }, 'a stage sees the types of the parts it is given'),
    forbid('no-fastify', { path: '^(?:kernel|config|stores|certs|sandbox-core|gateway/(?:stages|limits|abuse|scrub))/' }, { path: 'node_modules/fastify' }, 'only surfaces and the authorization server know Fastify'),
    forbid('drivers-only-in-stores', { path: `^(?!stores/)(?:${folders.join('|')})/` }, { path: '(?:^node:sqlite$|node_modules/(?:ioredis|rate-limiter-flexible))' }, 'stores alone knows node:sqlite and Redis'),
    forbid('kernel-is-a-leaf', { path: '^kernel/' }, { path: 'node_modules', dependencyTypesNot: ['core'] }, 'the kernel imports no package'),
    forbid('no-test-in-product', { path: `^(?:${folders.join('|')})/` }, { path: '^(?:test|bench|tools)/' }, 'the product imports no test'),
    forbid('no-cycles', {}, { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } }, 'no cycles'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.mjs', '.json'] },
  },
}

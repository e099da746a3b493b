import neostandard from 'neostandard'
import tseslint from 'typescript-eslint'

/** Where a thing that is banned elsewhere has its one place. */
const only = (files, rules) => ({ files, rules })

export default tseslint.config(
  { ignores: ['node_modules', 'var', 'dist', '.tap', 'bench/.cache', 'console/public'] },
  ...neostandard({ ts: true, semi: false }),
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@stylistic/comma-dangle': 'off',
      '@stylistic/max-len': 'off',
      '@stylistic/generator-star-spacing': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // A value that a hot path has at once is returned plainly: see MaybePromise in stores/ports.ts.
      '@typescript-eslint/await-thenable': 'off',
      // `require-await`: ports ask for promises, whether or not a driver waits.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-misused-spread': 'off',
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unnecessary-type-conversion': 'off',
      'no-void': 'off',
      // Node types X509Certificate.keyUsage as always there, and TLS sockets as plain ones in requests.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      'max-lines': ['error', { max: 350, skipBlankLines: false, skipComments: false }],
      'max-lines-per-function': ['error', { max: 60, skipComments: true }],
      'max-params': ['error', 6],
      'no-restricted-properties': ['error',
        { object: 'Date', property: 'now', message: 'Take a Clock.' },
        { object: 'Math', property: 'random', message: 'Nothing is random unless a person asks for it; kernel/ids.ts has ids.' },
        { object: 'process', property: 'env', message: 'Configuration reads the environment, once.' },
      ],
      'no-restricted-globals': ['error', { name: 'console', message: 'Use the logger or the terminal.' }],
    },
  },
  {
    files: ['test/**/*.ts', 'tools/**/*.ts', 'bench/**/*.ts'],
    rules: {
      'max-lines': 'off',
      'max-lines-per-function': 'off',
      'no-restricted-globals': 'off',
      'no-restricted-properties': 'off',
      // Answers are read as JSON by the tests that know their shape.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-base-to-string': 'off',
      '@typescript-eslint/no-floating-promises': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-misused-promises': 'off',
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
  only(['kernel/clock.ts'], { 'no-restricted-properties': 'off' }),
  // The one file whose columns are aligned for reading.
  only(['gateway/pipeline.ts'], { '@stylistic/no-multi-spaces': 'off', '@stylistic/array-bracket-spacing': 'off' })
)

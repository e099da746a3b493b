/* eslint-disable no-template-curly-in-string -- references to variables are what is tested */
import t from 'tap'
import { formatProblems } from '../../config/index.ts'
import { cutExcerpt } from '../../config/yaml/excerpt.ts'
import { loadText } from '../support/config-files.ts'

t.test('problems are printed with place, key, found, expected, hint, the line and a caret', async (t) => {
  const outcome = loadText('webhooks:\n  timeout: 15\n')
  if (outcome.kind !== 'refused') {
    t.fail('it was loaded')
    return
  }
  const file = outcome.problems[0]?.file ?? ''
  t.equal(formatProblems(outcome.problems), [
    `${file}:2:12  webhooks.timeout`,
    '  found     15',
    '  expected  a duration: a whole number and one of ms, s, m, h, d, such as 30s, at most 24d',
    '  hint      Add the unit: 15s or 15ms.',
    '   2 |   timeout: 15',
    '     |            ^',
    '',
    '1 problem in the configuration.',
    ''
  ].join('\n'))
})

t.test('a problem without lines is printed with its origin alone', async (t) => {
  const outcome = loadText('', { environment: { SANDGATE__LOGG__LEVEL: 'warn' } })
  t.match(formatProblems(outcome.kind === 'refused' ? outcome.problems : []), /^environment SANDGATE__LOGG__LEVEL\n {2}found {5}the unknown key logg\n/)
})

/** Attack: an operator pastes the output of a failed start into a ticket, with the secret that stood on the line. */
t.test('secrets are masked in excerpts, wherever they stand', async (t) => {
  const lines: { readonly [text: string]: string } = {
    'operator_token: hunter2': 'operator_token: [secret]',
    'keys: { operator_token: "hunter2, {x}", scrub_secret: \'hunter2\' }': 'keys: { operator_token: [secret], scrub_secret: [secret] }',
    'cookie_secrets: [hunter2, hunter2]': 'cookie_secrets: [secret]',
    'redis: { url: "redis://:hunter2@h", key_prefix: 5 }': 'redis: { url: [secret], key_prefix: 5 }',
    'upstream: http://user:hunter2@h': 'upstream: http://[secret]@h'
  }
  for (const [text, shown] of Object.entries(lines)) t.equal(cutExcerpt([text], 1, 1).split('\n')[0], `   1 | ${shown}`)
})

t.test('secrets that continue on further lines are masked', async (t) => {
  for (const block of [['keys:', '  cookie_secrets:', '    - hunter2', '    - hunter2'], ['keys:', '  cookie_secrets:', '  - hunter2', '  - hunter2'], ['keys:', '  operator_token: >-', '    hunter2', '    hunter2']]) {
    t.notMatch(cutExcerpt(block, 3, 7), /hunter2/)
    t.notMatch(cutExcerpt(block, 4, 7), /hunter2/)
  }
  t.match(cutExcerpt(['keys:', '  cookie_secrets: []', '  ca_key_file: x'], 3, 1), /ca_key_file: x/)
})

t.test('a reference to a variable is no secret, and the caret moves with a masked value', async (t) => {
  t.match(cutExcerpt(['operator_token: ${TOKEN}'], 1, 1), /\$\{TOKEN\}/)
  const [shown = '', caret = ''] = cutExcerpt(['redis: { url: "redis://:hunter2hunter2@h", key_prefix: 5 }'], 1, 56).split('\n')
  t.equal(shown[caret.indexOf('^')], '5')
})

t.test('a long line is cut around the column', async (t) => {
  const [shown = '', caret = ''] = cutExcerpt([`${'x'.repeat(500)}Y${'x'.repeat(500)}`], 1, 501).split('\n')
  t.ok(shown.length < 130)
  t.equal(shown[caret.indexOf('^')], 'Y')
})

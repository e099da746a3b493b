import t from 'tap'
import { makeScrubber } from '../../support/scrub-samples.ts'
import { cards, negatives, positives } from './corpus.ts'

const scrubber = makeScrubber()

t.test('of texts without personal data, fewer than 1 in 100 are touched', async (t) => {
  const touched = negatives.filter((text) => scrubber.scrubText(text, 'sandbox').removals.length > 0)
  t.ok(negatives.length >= 150, `${negatives.length} texts`)
  t.ok(touched.length < negatives.length / 100, 'precision', { touched })
})

t.test('of texts with personal data, more than 98 in 100 are recognised for what they are', async (t) => {
  const missed = positives.filter(({ text, kind }) => !scrubber.scrubText(text, 'sandbox').removals.some((removal) => removal.kind === kind))
  t.ok(positives.length >= 150, `${positives.length} texts`)
  t.ok(missed.length < positives.length / 50, 'recall', { missed })
})

t.test('scrubbing a text twice is scrubbing it once', async (t) => {
  for (const text of [...positives.map((sample) => sample.text), ...negatives]) {
    const once = scrubber.scrubText(text, 'sandbox').value
    t.equal(scrubber.scrubText(once, 'sandbox').value, once, text)
  }
})

t.test('no card of the corpus is left in any spelling', async (t) => {
  for (const { text } of positives.filter(({ kind }) => kind === 'card')) {
    const { value } = scrubber.scrubText(text, 'sandbox')
    const digits = value.normalize('NFKC').replaceAll(/\D/g, '')
    t.notOk(cards.some((card) => digits.includes(card)), value)
  }
})

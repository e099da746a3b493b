import t from 'tap'
import type { JsonObject } from '../../kernel/index.ts'
import { overDrivers } from '../support/stores-drivers.ts'

void overDrivers(t, async (t, open) => {
  await t.test('a notice reaches the listeners of its topic in this instance, until they leave', async (t) => {
    const { notices } = (await open()).stores
    const heard: string[] = []
    const leave = notices.subscribe('topic', (message) => { heard.push(`first ${JSON.stringify(message)}`) })
    notices.subscribe('other', () => { heard.push('other') })
    const arrived = (): Promise<JsonObject> => new Promise((resolve) => {
      const done = notices.subscribe('topic', (message) => { done(); resolve(message) })
    })
    const first = arrived()
    await notices.publish('topic', { n: 1 })
    t.strictSame(await first, { n: 1 })
    leave()
    const second = arrived()
    await notices.publish('topic', { n: 2 })
    await second
    t.strictSame(heard, ['first {"n":1}'])
  })
})

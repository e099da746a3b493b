import type { Violation } from '../problem.ts'
import type { CrossCheck } from './check.ts'

/** Refuses two doors on one port. Port 0 takes a free one each time. */
export const checkListen: CrossCheck = {
  reads: [['listen']],
  run: ({ listen }) => {
    const doors = (['public', 'mtls', 'ops'] as const).map((name) => ({ name, port: listen[name].port }))
    return doors.flatMap(({ name, port }, index): Violation[] => {
      const other = doors.slice(0, index).find((earlier) => earlier.port === port && port !== 0)
      if (other === undefined) return []
      return [{ path: ['listen', name, 'port'], part: 'value', found: `${port}, the port of listen.${other.name} too`, expected: 'a port of its own', hint: 'Each door needs another port; 0 takes any free one.' }]
    })
  }
}

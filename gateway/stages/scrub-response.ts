import { pass, refuse, type Json } from '../../kernel/index.ts'
import type { Scrubber } from '../scrub/index.ts'
import type { Arrival, CallerFacts, ReplyFacts } from '../pipeline/facts.ts'
import type { Stage } from '../pipeline/stage.ts'

/**
 * Takes personal data out of what an API answers. What the core stored was scrubbed on its way in, so an object that was
 * found clean once is not read again.
 *
 * @refuses response_unsafe 502 when an upstream answers with a card number
 */
export function scrubResponse ({ scrubber }: { readonly scrubber: Scrubber }): Stage<Arrival & CallerFacts & ReplyFacts, ReplyFacts> {
  const knownClean = new WeakSet<object>()
  return {
    name: 'scrub-response',
    phase: 'reply',
    onFault: 'refuse',
    decide: ({ reply, caller }) => {
      const { body, text } = reply
      if (body !== undefined && isKept(body) && knownClean.has(body)) return pass({ reply })
      if (body === undefined && text === undefined) return pass({ reply })
      const scope = caller.sandboxId ?? ''
      const scrubbed = body === undefined ? scrubber.scrubText(text ?? '', scope) : scrubber.scrubJson(body, scope)
      if (scrubbed.refusedPointers.length > 0) {
        return refuse({ code: 'response_unsafe', internalDetail: `the answer holds a card number at ${scrubbed.refusedPointers.join(', ')}` })
      }
      if (body !== undefined && scrubbed.value === body) {
        if (isKept(body)) knownClean.add(body)
        return pass({ reply })
      }
      const clean = body === undefined ? { text: scrubbed.value as string } : { body: scrubbed.value }
      return pass({ reply: { status: reply.status, headers: reply.headers, ...clean } })
    },
  }
}

function isKept (body: Json): body is Json & object {
  return typeof body === 'object' && body !== null
}

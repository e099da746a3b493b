import type { MemberStyle } from './behaviour-document.ts'

/** A JSON Pointer as the API's errors name members: `card.number` and `lines[0].amount`, or `card[number]`, or the pointer itself. */
export function nameMember (pointer: string, style: MemberStyle): string {
  if (style === 'pointer') return pointer
  const steps = pointer.split('/').slice(1).map(step => step.replaceAll('~1', '/').replaceAll('~0', '~').slice(0, 64))
  return steps.reduce((name, step, index) => {
    if (index === 0) return step
    return style === 'brackets' || /^\d+$/.test(step) ? `${name}[${step}]` : `${name}.${step}`
  }, '')
}

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openClientRevocationLists } from '../../../gateway/tls/client-revocation-lists.ts'
import { createOpensslCa } from '../../support/certs-openssl-ca.ts'
import { isMissing } from '../../support/certs-openssl.ts'

const skip = await isMissing('openssl', 'version')

function openLists (t: Test, files: Record<string, string>) {
  const directory = t.testdir(files)
  const problems: string[] = []
  const ca = createOpensslCa()
  t.teardown(ca.remove)
  let nowMs = Date.now()
  const open = () => openClientRevocationLists({ files: Object.keys(files).map((file) => join(directory, file)), clock: { nowMs: () => nowMs }, onProblem: (problem) => { problems.push(problem) }, schedule: () => () => {} })
  return { open, problems, ca, write: (file: string, text: string) => writeFileSync(join(directory, file), text), pass: (ms: number) => { nowMs += ms } }
}

t.test('a list that cannot be used stops the start, with its file named', { skip }, async (t) => {
  const { open } = openLists(t, { 'a.crl': 'no list' })
  t.throws(open, { name: 'RevocationListRefused', message: /a\.crl cannot be used.*tls\.client_crl_files/ })
})

t.test('a list that breaks later is told once, and what it said before stays', { skip }, async (t) => {
  const { open, problems, ca, write } = openLists(t, { 'a.crl': '' })
  write('a.crl', ca.list('root'))
  const lists = open()
  const generation = lists.listed.generation()
  write('a.crl', 'broken')
  lists.reload()
  lists.reload()
  t.equal(lists.listed.generation(), generation)
  t.match(problems, [/a\.crl cannot be used/])
})

t.test('a list that changes is read again, and one that does not is not', { skip }, async (t) => {
  const { open, problems, ca, write } = openLists(t, { 'a.crl': '' })
  write('a.crl', ca.list('root'))
  const lists = open()
  const generation = lists.listed.generation()
  lists.reload()
  t.equal(lists.listed.generation(), generation)
  ca.revoke('root', ca.issue('root', 'x').file)
  write('a.crl', ca.list('root'))
  lists.reload()
  t.not(lists.listed.generation(), generation)
  t.strictSame(problems, [])
})

t.test('a list beyond its next update is told once', { skip }, async (t) => {
  const { open, problems, ca, write, pass } = openLists(t, { 'a.crl': '' })
  write('a.crl', ca.list('root', 60))
  const lists = open()
  pass(3_600_000)
  lists.reload()
  lists.reload()
  t.match(problems, [/was due for renewal/])
})

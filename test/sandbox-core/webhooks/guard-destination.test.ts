import t from 'tap'
import { createDestinationGuard, type DestinationGuard } from '../../../sandbox-core/webhooks/guard-destination.ts'

const addresses: Record<string, string[]> = {
  'public.example': ['93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946'],
  'loopback.example': ['127.0.0.1'],
  'mixed.example': ['93.184.216.34', '10.0.0.7'],
  'mixed6.example': ['93.184.216.34', 'fd00::7'],
  'metadata.example': ['169.254.169.254'],
  'mapped.example': ['::ffff:10.0.0.1'],
  'zone.example': ['fe80::1%eth0'],
  'nat64-public.example': ['64:ff9b::5db8:d822'],
  'nat64-private.example': ['64:ff9b::a00:1'],
  'empty.example': [],
  'garbage.example': ['not-an-address'],
  localhost: ['127.0.0.1', '::1']
}
const lookup = async (hostname: string): Promise<readonly string[]> => {
  const found = addresses[hostname]
  if (found === undefined) throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
  return found
}
const strict = createDestinationGuard({ allowedNetworks: [], allowHttp: false, lookup })
const lax = createDestinationGuard({ allowedNetworks: ['127.0.0.0/8', '::1/128', '10.1.0.0/16'], allowHttp: true, lookup })

async function judge (guard: DestinationGuard, text: string): Promise<string> {
  const judged = guard.judgeUrl(text)
  if (judged.kind === 'refused') return judged.reason
  const destination = await guard.resolve(judged.url)
  return destination.kind === 'refused' ? destination.reason : 'allowed'
}

const refused: ReadonlyArray<readonly [string, string]> = [
  // Not a URL, or not one for webhooks.
  ['', 'url'],
  ['hooks', 'url'],
  ['//public.example/x', 'url'],
  ['https://', 'url'],
  ['https://public.example:65536/', 'url'],
  ['https://[fe80::1%25eth0]/', 'url'],
  ['https://256.1.1.1/', 'url'],
  [`https://public.example/${'a'.repeat(2048)}`, 'url'],
  ['ftp://public.example/', 'scheme'],
  ['file:///etc/passwd', 'scheme'],
  ['gopher://public.example:25/', 'scheme'],
  ['javascript:alert(1)', 'scheme'],
  ['data:text/plain,x', 'scheme'],
  ['unix:/var/run/docker.sock', 'scheme'],
  ['http://public.example/', 'scheme'],
  ['https://user@public.example/', 'userinfo'],
  ['https://public.example@127.0.0.1/', 'userinfo'],
  ['https://:secret@public.example/', 'userinfo'],
  ['https://public.example:0/', 'port'],
  ['https://public.example/#x', 'fragment'],
  // Loopback in all spellings.
  ['https://127.0.0.1/', 'address'],
  ['https://127.0.0.1./', 'address'],
  ['https://127.1/', 'address'],
  ['https://127.255.255.254/', 'address'],
  ['https://2130706433/', 'address'],
  ['https://0x7f000001/', 'address'],
  ['https://0x7f.0.0.1/', 'address'],
  ['https://0177.0.0.1/', 'address'],
  ['https://017700000001/', 'address'],
  ['https://１２７.０.０.１/', 'address'],
  ['https://127。0。0。1/', 'address'],
  ['https://①②⑦.0.0.1/', 'address'],
  ['https://%31%32%37.0.0.1/', 'address'],
  [' https://127.0.\t0.1/\n', 'address'],
  ['https:\\\\127.0.0.1\\', 'address'],
  ['https:127.0.0.1', 'address'],
  ['https://[::1]/', 'address'],
  ['https://[0:0:0:0:0:0:0:1]/', 'address'],
  ['https://[::ffff:127.0.0.1]/', 'address'],
  ['https://[::ffff:7f00:1]/', 'address'],
  ['https://[0:0:0:0:0:ffff:127.0.0.1]/', 'address'],
  ['https://[::127.0.0.1]/', 'address'],
  ['https://[::ffff:0:127.0.0.1]/', 'address'],
  ['https://[64:ff9b::127.0.0.1]/', 'address'],
  ['https://[64:ff9b:1::127.0.0.1]/', 'address'],
  ['https://[2002:7f00:1::]/', 'address'],
  ['https://[2001:0:4136:e378:8000:63bf:80ff:fffe]/', 'address'],
  ['https://localhost/', 'address'],
  ['https://LOCALHOST/', 'address'],
  // Private, link-local, metadata, carrier-grade NAT, multicast, unspecified, reserved, documentation.
  ['https://0.0.0.0/', 'address'],
  ['https://0/', 'address'],
  ['https://[::]/', 'address'],
  ['https://10.0.0.1/', 'address'],
  ['https://172.16.0.1/', 'address'],
  ['https://172.31.255.255/', 'address'],
  ['https://192.168.1.1/', 'address'],
  ['https://100.64.0.1/', 'address'],
  ['https://100.100.100.200/', 'address'],
  ['https://169.254.169.254/latest/meta-data/', 'address'],
  ['https://0xa9fea9fe/', 'address'],
  ['https://2852039166/', 'address'],
  ['https://[::ffff:169.254.169.254]/', 'address'],
  ['https://[fd00:ec2::254]/', 'address'],
  ['https://168.63.129.16/', 'address'],
  ['https://192.0.0.192/', 'address'],
  ['https://192.0.2.1/', 'address'],
  ['https://198.18.0.1/', 'address'],
  ['https://198.51.100.1/', 'address'],
  ['https://203.0.113.1/', 'address'],
  ['https://224.0.0.1/', 'address'],
  ['https://240.0.0.1/', 'address'],
  ['https://255.255.255.255/', 'address'],
  ['https://[fc00::1]/', 'address'],
  ['https://[fe80::1]/', 'address'],
  ['https://[fec0::1]/', 'address'],
  ['https://[ff02::1]/', 'address'],
  ['https://[2001:db8::1]/', 'address'],
  ['https://[3fff::1]/', 'address'],
  ['https://[100::1]/', 'address'],
  ['https://[5f00::1]/', 'address'],
  ['https://[4000::1]/', 'address'],
  // Names.
  ['https://loopback.example/', 'address'],
  ['https://mixed.example/', 'address'],
  ['https://mixed6.example/', 'address'],
  ['https://metadata.example/', 'address'],
  ['https://mapped.example/', 'address'],
  ['https://zone.example/', 'address'],
  ['https://nat64-private.example/', 'address'],
  ['https://empty.example/', 'address'],
  ['https://garbage.example/', 'address']
]

t.test('destinations that are refused by default', async (t) => {
  for (const [url, reason] of refused) t.equal(await judge(strict, url), reason, `${JSON.stringify(url.slice(0, 80))} is refused for its ${reason}`)
})

t.test('a refusal never tells what a name resolved to', async (t) => {
  const destination = await strict.resolve(new URL('https://metadata.example/'))
  t.equal(destination.kind, 'refused')
  t.notMatch(JSON.stringify(destination), /169\.254/)
})

t.test('public destinations are allowed', async (t) => {
  const urls = ['https://public.example/', 'https://public.example:8443/a?b=c', 'https://93.184.216.34/', 'https://[2606:2800:220:1:248:1893:25c8:1946]/', 'https://nat64-public.example/', 'https://172.32.0.1/', 'https://PUBLIC.example/']
  for (const url of urls) t.equal(await judge(strict, url), 'allowed', url)
})

t.test('allowed networks open exactly themselves', async (t) => {
  for (const url of ['http://127.0.0.1:1/', 'http://127.9.9.9:65535/', 'http://[::1]:8080/', 'http://[::ffff:127.0.0.1]/', 'http://localhost/', 'http://10.1.2.3/']) {
    t.equal(await judge(lax, url), 'allowed', url)
  }
  for (const url of ['http://10.2.0.1/', 'http://[::2]/', 'http://169.254.169.254/', 'http://[64:ff9b::7f00:1]/', 'http://[2002:7f00:1::]/', 'http://mixed.example/', 'http://0.0.0.0/']) {
    t.equal(await judge(lax, url), 'address', url)
  }
})

t.test('a name that does not resolve rejects, so that the caller decides', async (t) => {
  await t.rejects(strict.resolve(new URL('https://unknown.example/')), { code: 'ENOTFOUND' })
})

import type { Json, JsonObject } from '../../kernel/index.ts'
import type { Layers } from '../../stores/index.ts'
import { settle, type Steps } from '../world/steps.ts'
import type { Transaction } from '../world/transaction.ts'
import type { Execution, Posting } from './execution.ts'
import { replyOfFail, RequestFailed } from './execution.ts'

const PAGE = 1000
const ACCOUNTS_KEPT_MAX = 2000

/** Totals by currency of an account: always the sum of its postings, which are never changed. */
export type Totals = ReadonlyMap<string, number>

export interface LedgerReader {
  /** The totals of an account's collection as the transaction's layer sees it. */
  readonly totals: (tx: Transaction, collection: string) => Steps<Totals>
}

interface Sum { readonly version: number, readonly lastSeq: number, readonly totals: Totals }

/**
 * Balances are derived from postings and stored nowhere. What was summed before is kept in memory, so that only new
 * postings are read; a layer's sums die with the layer.
 */
export function createLedgerReader (layers: Layers): LedgerReader {
  const sums = new Map<string, Sum>()
  return {
    * totals (tx, collection) {
      const key = `${tx.layer}\n${collection}`
      const version = yield * settle(layers.collectionVersion(tx.layer, collection))
      tx.noteScan(collection, version)
      const known = sums.get(key)
      if (known !== undefined && known.version === version) return known.totals
      const totals = new Map(known?.totals)
      let lastSeq = known?.lastSeq
      for (;;) {
        const page = yield * settle(layers.list(tx.layer, collection, { order: 'ascending', limit: PAGE, ...(lastSeq === undefined ? {} : { beyondSeq: lastSeq }) }))
        for (const { body } of page) addTo(totals, body['currency'] as string, body['amount'] as number)
        lastSeq = page.at(-1)?.seq ?? lastSeq
        if (page.length < PAGE) break
      }
      if (sums.size >= ACCOUNTS_KEPT_MAX) sums.clear()
      if (lastSeq !== undefined) sums.set(key, { version, lastSeq, totals })
      return totals
    },
  }
}

/** The balance of an account with this request's own postings, as a list by currency. */
export function * readBalance (execution: Execution, account: string): Steps<readonly JsonObject[]> {
  const model = execution.api.accounts.get(account)
  if (model === undefined) return []
  const totals = new Map(yield * execution.ledger.totals(execution.tx, model.collection))
  for (const posting of execution.postings) if (posting.account === account) addTo(totals, posting.currency, posting.amount)
  return [...totals].sort(([a], [b]) => a < b ? -1 : 1).map(([currency, amount]) => ({ currency, amount }))
}

/** Adds both sides of a double entry. Throws RangeError for an amount that is not a whole number of at least zero. */
export function post (execution: Execution, from: string, to: string, amount: Json, currency: Json): void {
  if (typeof amount !== 'number' || !Number.isSafeInteger(amount) || amount < 0 || typeof currency !== 'string') throw new RangeError('a posting needs a whole amount of at least zero and a currency')
  if (amount === 0) return
  execution.postings.push({ account: from, counterAccount: to, currency, amount: -amount }, { account: to, counterAccount: from, currency, amount })
}

/** Writes the postings and refuses what leaves an account under its minimum. */
export function * storePostings (execution: Execution): Steps<void> {
  const { api } = execution
  for (const posting of execution.postings) {
    const model = api.accounts.get(posting.account)
    if (model?.minimum !== undefined && model.fail !== undefined && posting.amount < 0) {
      const balance = yield * readBalance(execution, posting.account)
      const left = balance.find(entry => entry['currency'] === posting.currency)?.['amount']
      if (typeof left === 'number' && left < model.minimum) throw new RequestFailed(replyOfFail(api, model.fail, { ...execution.base }))
    }
  }
  for (const posting of execution.postings) yield * storePosting(execution, posting)
}

function * storePosting (execution: Execution, posting: Posting): Steps<void> {
  const model = execution.api.accounts.get(posting.account)
  if (model === undefined) return
  const number = yield * execution.tx.nextNumber()
  execution.tx.put(model.collection, String(number), { currency: posting.currency, amount: posting.amount, counter_account: posting.counterAccount, at_ms: execution.nowMs })
}

function addTo (totals: Map<string, number>, currency: string, amount: number): void {
  totals.set(currency, (totals.get(currency) ?? 0) + amount)
}

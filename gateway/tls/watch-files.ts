import { statSync } from 'node:fs'

/** Runs a task again and again; the answer ends that. */
export type Schedule = (task: () => void) => () => void

const POLL_MS = 2000

/** Every two seconds: files on any file system, also those that are replaced by a link as Kubernetes does it, are noticed. */
export const pollEveryTwoSeconds: Schedule = (task) => {
  const timer = setInterval(task, POLL_MS)
  timer.unref()
  return () => clearInterval(timer)
}

/** A text that changes when one of the files does: its time, its size or which file it is. */
export function fingerprintOf (files: readonly string[]): string {
  return files.map((file) => {
    const stat = statSync(file, { throwIfNoEntry: false })
    return stat === undefined ? '-' : `${stat.mtimeMs}/${stat.size}/${stat.ino}`
  }).join()
}

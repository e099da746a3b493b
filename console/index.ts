/** The web console: static files that talk to the control API and to nothing else of ours. */
export function consoleFiles (): ReadonlyArray<{ readonly path: string, readonly contentType: string, readonly body: string }> {
  return []
}

// Runs before everything else, on whatever Node the machine has: says what to do when it is not the one that Sandgate needs.
// Plain JavaScript, because an old Node cannot read TypeScript.
const [major, minor] = process.versions.node.split('.').map(Number)
const isRecent = major > 22 || (major === 22 && minor >= 18)
if (!isRecent) {
  console.error(`Sandgate needs Node 22.18 or later (24 is what it is tested on); this is ${process.version}.

\`npm ci\` brings Node 24 along as a package for Linux (x64, arm64), macOS (x64, arm64) and Windows (x64), and npm scripts
find it first. It is not there. Most likely one of these:
  - the install left out optional packages: run  npm ci --include=optional
  - the command was not run through npm: use  npm start,  npm test  or  npm run sandgate
  - there is no such package for ${process.platform}-${process.arch}: install Node 24 yourself`)
  process.exit(1)
}

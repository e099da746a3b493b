/** The style sheet of the HTML report: system fonts, light and dark, fit for print. */
export const reportStyle = `:root{color-scheme:light dark;--ink:#1b1d22;--soft:#565c69;--paper:#f6f7f9;--card:#fff;--line:#dfe2e8;--red:#b3261e;--redbg:#fce8e6;--amber:#7a4b00;--amberbg:#fdf0d5;--blue:#2b4fa8;--bluebg:#e6ecfa;--green:#17693a;--greenbg:#e0f3e7}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaef;--soft:#a7adba;--paper:#14161b;--card:#1d2027;--line:#343945;--red:#ff9d94;--redbg:#4a1d1a;--amber:#f5c66b;--amberbg:#43310c;--blue:#a9c0ff;--bluebg:#1e2c52;--green:#84dba4;--greenbg:#123a22}}
*{box-sizing:border-box}
body{margin:0;font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
header,main,footer{max-width:72rem;margin:0 auto;padding:1.5rem}
header{display:flex;flex-wrap:wrap;gap:2rem;align-items:center}
header>div:last-child{flex:1 1 24rem}
.score{min-width:9rem;padding:1rem 1.5rem;border:1px solid var(--line);border-radius:1rem;background:var(--card);text-align:center}
.number{margin:0;font-size:3.5rem;line-height:1;font-weight:700;font-variant-numeric:tabular-nums}
.of{margin:.25rem 0 0;color:var(--soft)}
h1{margin:0 0 .5rem;font-size:1.75rem;line-height:1.2}
h2{margin:0 0 .75rem;font-size:1.25rem}
h3{margin:1.25rem 0 .5rem;font-size:1rem}
.sides{display:grid;grid-template-columns:max-content 1fr;gap:0 1rem;margin:0;overflow-wrap:anywhere}
.sides dt{color:var(--soft)}
.sides dd{margin:0}
meter{width:100%;height:.75rem;margin:.75rem 0}
.verdict{display:inline-block;margin:0 0 .75rem;padding:.125rem .75rem;border-radius:1rem;font-weight:600}
.passed{color:var(--green);background:var(--greenbg)}
.failed{color:var(--red);background:var(--redbg)}
.counts{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin:0;padding:0;list-style:none;color:var(--soft)}
.counts b{color:var(--ink)}
.counts .breaking b{color:var(--red)}
.counts .likely b{color:var(--amber)}
.counts .cosmetic b{color:var(--blue)}
section{margin:0 0 1.5rem;padding:1.25rem 1.5rem;border:1px solid var(--line);border-radius:.75rem;background:var(--card)}
section>p:first-of-type{margin-top:0;color:var(--soft)}
.good{color:var(--green)!important}
.scroll{overflow-x:auto}
table{width:100%;border-collapse:collapse;font-size:.9375rem}
th,td{padding:.625rem .75rem .625rem 0;border-top:1px solid var(--line);text-align:left;vertical-align:top;font-weight:400}
thead th{border-top:0;color:var(--soft);font-size:.8125rem}
tbody td:nth-child(n+3){width:21%;min-width:11rem;overflow-wrap:anywhere}
tbody th p{margin:.25rem 0 0;color:var(--soft)}
.change{padding:.25rem .625rem;border-left:3px solid var(--green);color:var(--ink)!important}
code{font:.875em ui-monospace,monospace;overflow-wrap:anywhere}
th>code{font-weight:600}
.tag{display:inline-block;padding:.0625rem .625rem;border-radius:1rem;font-size:.8125rem;white-space:nowrap}
.tag.breaking{color:var(--red);background:var(--redbg)}
.tag.likely{color:var(--amber);background:var(--amberbg)}
.tag.cosmetic{color:var(--blue);background:var(--bluebg)}
details{border-top:1px solid var(--line);padding:.5rem 0}
summary{cursor:pointer;font-weight:600}
small{color:var(--soft);font-weight:400}
.checks{padding:0;list-style:none}
.checks li{padding:.125rem 0}
.checks span{display:inline-block;min-width:5.5rem;font-size:.8125rem;color:var(--soft)}
.checks .same span{color:var(--green)}
.checks .different span{color:var(--red)}
footer{color:var(--soft);font-size:.875rem}
:focus-visible{outline:3px solid var(--blue);outline-offset:2px}
@media print{body{background:#fff}section{break-inside:avoid}}
`

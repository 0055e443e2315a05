/** How the page looks: on a screen of any width, light or dark, and on paper. */
export const STYLE = `
:root {
  color-scheme: light;
  --ground: #f4f6f8; --card: #ffffff; --line: #d5dbe1; --text: #1a2129; --muted: #55606c; --link: #0a58b5;
  --code: #f1f4f7; --bar: #e3e8ed;
  --pass: #17713a; --warn: #875200; --fail: #b8202e; --skip: #55606c;
  --pass-soft: #e6f4ea; --warn-soft: #fdf1dc; --fail-soft: #fdeaeb; --skip-soft: #eceff2;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    color-scheme: dark;
    --ground: #0e1318; --card: #161c23; --line: #2e3843; --text: #e5eaef; --muted: #9fabb8; --link: #7db8ff;
    --code: #0f151b; --bar: #29323c;
    --pass: #57c878; --warn: #e8b64c; --fail: #ff8a84; --skip: #9fabb8;
    --pass-soft: #15291d; --warn-soft: #2c2413; --fail-soft: #321a1c; --skip-soft: #212932;
  }
}
.pass { --tint: var(--pass); --soft: var(--pass-soft); }
.warn { --tint: var(--warn); --soft: var(--warn-soft); }
.fail { --tint: var(--fail); --soft: var(--fail-soft); }
.skip { --tint: var(--skip); --soft: var(--skip-soft); }

* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { scroll-padding-top: 1rem; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: .875em; }
code, pre, p, a, dd, h3 { overflow-wrap: anywhere; }
a { color: var(--link); text-underline-offset: .15em; }
h1, h2, h3, p, ol, ul, dl, dd, figure { margin: 0; padding: 0; }
ol, ul { list-style: none; }
h2 { font-size: 1.25rem; line-height: 1.3; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px; }
:target { scroll-margin-top: 1rem; }
.row:target { background: var(--soft); }
.quiet { color: var(--muted); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip-link { position: absolute; left: 1rem; top: -4rem; padding: .5rem 1rem; background: var(--card); z-index: 1; }
.skip-link:focus { top: .5rem; }

header, main, footer { max-width: 66rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 1.5rem; }
.verdict {
  display: flex; gap: 1.1rem; align-items: center; padding: 1.4rem 1.5rem;
  background: var(--soft); border: 1px solid var(--tint); border-radius: 12px;
}
.verdict .mark {
  flex: none; width: 3.25rem; height: 3.25rem; border-radius: 50%; background: var(--tint); color: var(--card);
  display: grid; place-items: center; font-size: 1.6rem; line-height: 1;
}
.verdict h1 { font-size: 1.75rem; line-height: 1.2; overflow-wrap: anywhere; }
.verdict h1 small { display: block; font-size: .875rem; font-weight: 400; color: var(--muted); }
.verdict h1 b { color: var(--tint); }
.facts { display: flex; flex-wrap: wrap; gap: .25rem 1.75rem; margin: .9rem .25rem 0; font-size: .875rem; }
.facts div { display: flex; gap: .5ch; }
.facts dt { color: var(--muted); }

main > section { margin-top: 2.25rem; }
main > section > h2 { margin-bottom: .75rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }

summary { cursor: pointer; position: relative; padding-right: 2.4rem; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary::after {
  content: ""; position: absolute; right: 1.1rem; top: 50%; width: .5rem; height: .5rem; transform: translateY(-75%) rotate(45deg);
  border: solid var(--muted); border-width: 0 2px 2px 0;
}
[open] > summary::after { transform: translateY(-25%) rotate(225deg); }
.bar { display: flex; flex-wrap: wrap; gap: .4rem .75rem; align-items: center; margin-bottom: .75rem; }
.bar h2 { margin-right: auto; }

.steps { display: grid; gap: .5rem; }
.step { border-left: 5px solid var(--tint); break-inside: avoid; }
.step > summary { padding: .6rem 2.4rem .65rem 1.25rem; }
.step > :not(summary) { margin: 0 1.25rem 1rem; }
.step h3 { font-size: 1rem; line-height: 1.35; }
.step:not([open]) h3 { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; }
.step .where { font-size: .875rem; }
.step .where b { color: var(--tint); font-weight: 600; margin-right: .3rem; }
.step p { white-space: pre-line; }
.change { margin-left: .3rem; padding: 0 .5rem; border: 1px solid var(--tint); border-radius: 99px; color: var(--tint); font-size: .8125rem; line-height: 1.35; }
.terms { display: grid; grid-template-columns: 6rem minmax(0, 1fr); gap: .35rem .75rem; align-items: baseline; }
.step p + .terms { margin-top: -.5rem; }
.terms dt { color: var(--muted); }
.terms dd { white-space: pre-line; min-width: 0; }
.fix { position: relative; background: var(--code); border: 1px solid var(--line); border-radius: 7px; white-space: normal; }
.fix pre { margin: 0; padding: .55rem 5.5rem .55rem .75rem; white-space: pre-wrap; }
.fix button { position: absolute; top: .3rem; right: .3rem; }
button {
  font: inherit; font-size: .8125rem; line-height: 1.4; color: var(--text); background: var(--card); cursor: pointer;
  border: 1px solid var(--line); border-radius: 6px; padding: .2rem .65rem;
}
button:hover { border-color: var(--muted); }
.then { margin-top: .9rem; }
.script { margin-top: .9rem; }
.script > summary, .fold > summary { padding: .6rem 2.4rem .65rem 1.25rem; }
.script > :not(summary) { margin: 0 1.25rem 1rem; }
.script pre { max-height: 24rem; overflow: auto; }
.lines { padding: 0 1.25rem .5rem; }
.lines li { display: grid; grid-template-columns: 1.25rem 6.5rem minmax(0, 1fr); column-gap: .6rem; align-items: baseline; padding: .4rem 0; border-top: 1px solid var(--line); }
.lines b { font-weight: 600; color: var(--muted); }
.lines .says { overflow-wrap: anywhere; }

.timeline { padding: .9rem 1.25rem 1rem; }
.timeline figcaption { margin-bottom: .8rem; }
.lane { display: grid; grid-template-columns: 9.5rem minmax(0, 1fr) 4.5rem; column-gap: .75rem; align-items: center; }
.lane .name { font-size: .9375rem; line-height: 1.3; padding: .25rem 0; }
.lane .time { text-align: right; }
.lane.slowest .time { font-weight: 700; }
.lane svg { display: block; width: 100%; align-self: stretch; overflow: visible; }
.axis svg { height: 1.25rem; }
.axis text { fill: var(--muted); font-size: 12px; }
.grid { stroke: var(--line); }
.span { fill: var(--bar); }
.work { fill: var(--tint); stroke: var(--card); stroke-width: 1px; }
.work:hover { opacity: .7; }
.time { color: var(--muted); font-size: .875rem; font-variant-numeric: tabular-nums; white-space: nowrap; }

.tools { display: flex; flex-wrap: wrap; gap: .6rem 1.25rem; align-items: center; margin-bottom: .9rem; }
.tools fieldset { display: flex; flex-wrap: wrap; gap: .4rem; border: 0; margin: 0; padding: 0; }
.tools fieldset label {
  display: flex; align-items: center; gap: .45rem; padding: .3rem .8rem .3rem .6rem; cursor: pointer;
  border: 1px solid var(--line); border-radius: 99px; background: var(--card); font-size: .9375rem;
}
.tools fieldset label:has(:checked) { border-color: var(--tint); background: var(--soft); }
.tools fieldset label:has(:focus-visible) { outline: 3px solid var(--link); outline-offset: 2px; }
.tools input[type=checkbox] { accent-color: var(--tint); margin: 0; width: 1rem; height: 1rem; outline: none; }
.tools .text { flex: 1 1 14rem; display: flex; align-items: center; gap: .6rem; }
.tools input[type=search] {
  flex: 1; min-width: 0; font: inherit; color: inherit; background: var(--card); padding: .35rem .75rem;
  border: 1px solid var(--muted); border-radius: 7px;
}
.tools output { color: var(--muted); font-size: .875rem; min-width: 9rem; }
.none { padding: 1.5rem; text-align: center; color: var(--muted); }

.check { overflow: hidden; }
.check + .check { margin-top: .5rem; }
.check h3 {
  display: grid; grid-template-columns: 1.25rem 9.25rem minmax(0, 1fr) auto; column-gap: .6rem; align-items: baseline;
  padding: .7rem 0 .7rem 1.25rem; font-size: 1rem;
}
.check > summary { background: var(--soft); break-after: avoid; }
.rest > summary { padding: .5rem 2.4rem .5rem 3.1rem; border-top: 1px solid var(--line); color: var(--muted); font-size: .9375rem; }
.check h3 .says { font-weight: 400; }
.check .time { font-weight: 400; }
.icon { color: var(--tint); font-weight: 700; text-align: center; }
.row {
  display: grid; grid-template-columns: 1.25rem minmax(0, 5fr) minmax(0, 7fr) 4rem; column-gap: .6rem; align-items: baseline;
  padding: .4rem 1.25rem; border-top: 1px solid var(--line); break-inside: avoid;
}
.row .more { color: var(--muted); font-size: .875rem; white-space: pre-line; }
.row .fix { margin-top: .25rem; color: var(--text); }
.row.fail .title, .row.warn .title { font-weight: 600; }
.row .time { grid-row: 1; grid-column: 4; text-align: right; }

.scroll { overflow-x: auto; }
.matrix { border-collapse: collapse; width: 100%; font-size: .9375rem; }
.matrix th, .matrix td { padding: .5rem .9rem; text-align: left; white-space: nowrap; border-top: 1px solid var(--line); }
.matrix thead th, .matrix thead td { border-top: 0; }
.matrix th[scope=row], .matrix thead td { position: sticky; left: 0; background: var(--card); }
.matrix td:is(.pass, .warn, .fail, .skip) { background: var(--soft); color: var(--tint); font-weight: 600; }

.notes { padding: .9rem 1.25rem; }
.notes li + li { margin-top: .75rem; }
.notes p { white-space: pre-line; }
.notes .fix { margin-top: .4rem; }
footer { padding-top: 2rem; padding-bottom: 2.5rem; font-size: .875rem; color: var(--muted); }

@media (max-width: 44rem) {
  header, main, footer { padding-left: .75rem; padding-right: .75rem; }
  .verdict { padding: 1.1rem 1rem; gap: .9rem; }
  .verdict .mark { width: 2.6rem; height: 2.6rem; font-size: 1.3rem; }
  .verdict h1 { font-size: 1.4rem; }
  .timeline, .notes, .lines { padding-left: .9rem; padding-right: .9rem; }
  .steps { gap: .375rem; }
  .step > summary { padding: .4rem 2.1rem .45rem .75rem; }
  .step:not([open]) h3 { font-size: .9375rem; -webkit-line-clamp: 2; }
  .script > summary, .fold > summary { padding-left: .9rem; }
  .step > :not(summary), .script > :not(summary) { margin-left: .75rem; margin-right: .75rem; }
  summary::after { right: .9rem; }
  .lines li { grid-template-columns: 1.25rem minmax(0, 1fr); }
  .lines .says { grid-column: 2; }
  .terms { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .terms dt { margin-top: .5rem; font-size: .875rem; }
  .lane { grid-template-columns: minmax(0, 1fr) auto; }
  .lane svg { grid-column: 1 / -1; grid-row: 2; }
  .axis > :not(svg) { display: none; }
  .check h3 { grid-template-columns: 1.25rem minmax(0, 1fr) auto; padding: .5rem 0 .5rem .9rem; }
  .rest > summary { padding-left: 2.75rem; }
  .check h3 .says { grid-column: 2 / -1; }
  .check h3 .time { grid-row: 1; grid-column: 3; }
  .row { grid-template-columns: 1.25rem minmax(0, 1fr) auto; padding-left: .9rem; padding-right: .9rem; }
  .row .says { grid-column: 2 / -1; }
  .row .time { grid-column: 3; }
  .matrix { font-size: .8125rem; }
  .matrix th, .matrix td { padding: .45rem; }
  .tools fieldset label { min-height: 2.75rem; }
  .tools input[type=search], button { min-height: 2.75rem; }
  .fix { min-height: 3.5rem; }
  .fix button { min-width: 4.25rem; }
}
@media print {
  @page { margin: 14mm; }
  body { background: none; font-size: 10pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  header, main, footer { max-width: none; padding-left: 0; padding-right: 0; }
  button, .tools, .skip-link { display: none !important; }
  .fix pre { padding-right: .75rem; max-height: none; }
  .step h3 { display: block !important; }
  details::details-content { content-visibility: visible; }
  summary::after, .script { display: none; }
  .card { border-radius: 0; }
  .check { overflow: visible; }
  h2 { break-after: avoid; }
  .timeline { break-inside: avoid; }
  a { color: inherit; }
}
`;

/** The page's own sheet: cloth and thread as in the demo, by day and by night, on a phone and on paper. Nothing is fetched. */

export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #f6f7f9; --surface: #fff; --ink: #171b2e; --muted: #545b73; --line: #dcdfe8; --grid: #e9ebf2;
  --indigo: #2c3f96; --wash: #eceffa; --gain: #3d57c4; --gain-ink: #2c3f96; --loss: #d9513f; --loss-ink: #b3271a;
  --stitch: #eaa92a; --stitch-ink: #8a5a00; --denim: #1c2650; --denim-deep: #161e42; --denim-ink: #fff; --denim-muted: #c3cbea;
  --sans: -apple-system, "Segoe UI Variable Text", "Segoe UI", Roboto, "Noto Sans", Ubuntu, "Helvetica Neue", "Liberation Sans", Arial, system-ui, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0e111d; --surface: #161a2b; --ink: #e6e8f1; --muted: #a0a7c0; --line: #2a3048; --grid: #232940;
    --indigo: #aab8ff; --wash: #1d2340; --gain: #7f93f0; --gain-ink: #aab8ff; --loss: #f0705f; --loss-ink: #ff8a7d;
    --stitch: #e0a53a; --stitch-ink: #f0c065; --denim: #1a2347; --denim-deep: #141b39; --denim-ink: #f4f6ff; --denim-muted: #b3bce0;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 400 1rem/1.55 var(--sans); }
h1, h2, h3, p, ul, dl, dd, figure, table { margin: 0; }
.column { width: min(70rem, 100% - 2.5rem); margin-inline: auto; }

.head { position: relative; padding-block: 1.25rem 2.5rem; color: var(--denim-ink);
  background: repeating-linear-gradient(118deg, rgb(255 255 255 / .045) 0 1px, transparent 1px 3px), linear-gradient(180deg, var(--denim), var(--denim-deep)); }
.head::after { content: ""; position: absolute; inset: auto 0 5px; height: 2px; opacity: .85;
  background: repeating-linear-gradient(90deg, var(--stitch) 0 9px, transparent 9px 14px); }
.brand { display: flex; align-items: center; gap: .5rem; font-size: 1.0625rem; font-weight: 700; letter-spacing: -.03em; color: var(--denim-muted); }
.brand svg { width: 1.25rem; height: 1.25rem; }
h1 { margin-top: 1.5rem; font-size: clamp(1.75rem, 1.2rem + 2.6vw, 2.625rem); font-weight: 700; line-height: 1.1; letter-spacing: -.03em; text-wrap: balance; overflow-wrap: anywhere; }
.lead { max-width: 46rem; margin-top: .875rem; font-size: 1.125rem; line-height: 1.5; text-wrap: pretty; overflow-wrap: anywhere; }
.facts { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin-top: 1.25rem; font-size: .875rem; color: var(--denim-muted); }
.facts div { display: flex; gap: .375rem; min-width: 0; }
.facts dd { color: var(--denim-ink); overflow-wrap: anywhere; }

main { display: grid; grid-template-columns: minmax(0, 1fr); gap: 3.25rem; padding-block: 2.25rem 3.5rem; }
h2 { font-size: 1.4375rem; line-height: 1.25; letter-spacing: -.02em; text-wrap: balance; }
h3 { font-size: 1rem; line-height: 1.35; overflow-wrap: break-word; }
.say { max-width: 46rem; margin-top: .375rem; color: var(--muted); text-wrap: pretty; overflow-wrap: anywhere; }
.sheet, .warnings { border: 1px solid var(--line); border-radius: 4px; background: var(--surface); }
.warnings { padding: 1rem 1.25rem 1.125rem; border-left: 3px solid var(--stitch); }
.warnings h2 { font-size: 1rem; letter-spacing: 0; }
.warnings ul { padding-left: 1.125rem; }
.warnings li { margin-top: .375rem; font-size: .9375rem; overflow-wrap: anywhere; }

main > * { min-width: 0; }
.scroll { position: relative; margin-top: 1rem; overflow-x: auto; scrollbar-width: thin; }
.scroll:focus-visible, summary:focus-visible { outline: 3px solid var(--stitch); outline-offset: 2px; }
table { width: 100%; border-collapse: collapse; font-size: .9375rem; line-height: 1.4; font-variant-numeric: tabular-nums; }
caption { padding: .875rem 1.25rem .375rem; text-align: left; font-size: .875rem; color: var(--muted); }
caption span { position: sticky; left: 1.25rem; display: inline-block; max-width: calc(100vw - 4.25rem); }
th, td { padding: .625rem .75rem; border-top: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { border-top: 0; padding-block: .5rem; font-size: .8125rem; font-weight: 600; line-height: 1.3; color: var(--muted); vertical-align: bottom; }
th:first-child, td:first-child { padding-left: 1.25rem; }
th:last-child, td:last-child { padding-right: 1.25rem; }
tbody th { font-weight: 600; }
.n { text-align: right; white-space: nowrap; }
.system { min-width: 12rem; max-width: 22rem; overflow-wrap: break-word; }
.system small, .n small { display: block; font-size: .8125rem; font-weight: 400; line-height: 1.4; color: var(--muted); }
.best { font-weight: 700; }
.best span { padding-bottom: .0625rem; box-shadow: inset 0 -2px 0 var(--stitch); }
.tally { width: 12rem; min-width: 9.5rem; }
.stages { min-width: 15rem; }
.tally svg { display: block; width: 100%; height: .5rem; margin-top: .4375rem; border-radius: 2px; }
.tally small { display: block; margin-top: .3125rem; font-size: .8125rem; color: var(--muted); white-space: nowrap; }
.notes { padding: .25rem 1.25rem 1rem; font-size: .8125rem; line-height: 1.5; color: var(--muted); }
.notes p { max-width: 60rem; margin-top: .25rem; }

.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19.5rem), 1fr)); gap: 1rem; margin-top: 1rem; }
.pair { grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); }
figure { min-width: 0; padding: .875rem 1rem .75rem; }
figcaption { font-size: .8125rem; line-height: 1.5; color: var(--muted); font-variant-numeric: tabular-nums; }
.plot { display: block; width: 100%; height: auto; margin-block: .5rem .25rem; overflow: visible; }
.narrow { display: none; }
.plot text { font: 400 12px var(--sans); fill: var(--muted); font-variant-numeric: tabular-nums; }
.plot .tick { font-size: 11px; }
.plot .label { font-weight: 500; fill: var(--ink); paint-order: stroke; stroke: var(--surface); stroke-width: 3px; stroke-linejoin: round; }
.plot .name { font-weight: 600; }
.plot .gain-ink { font-weight: 600; fill: var(--gain-ink); }
.plot .loss-ink { font-weight: 600; fill: var(--loss-ink); }
.grid { fill: none; stroke: var(--grid); }
.axis { fill: none; stroke: var(--muted); stroke-opacity: .6; }
.gain { fill: var(--gain); } .loss { fill: var(--loss); } .same { fill: var(--line); }
.front { fill: none; stroke: var(--stitch); stroke-width: 2; stroke-dasharray: 9 5; stroke-linejoin: round; }
.leader { fill: none; stroke: var(--muted); stroke-opacity: .55; }
.point { fill: var(--indigo); stroke: var(--surface); stroke-width: 1.5; }
.point.baseline { fill: var(--surface); stroke: var(--indigo); stroke-width: 2.5; }

details { margin-top: .75rem; }
details .sheet { margin: 0; border-width: 1px 0 0; border-radius: 0 0 4px 4px; }
summary { display: flex; align-items: baseline; gap: .75rem; padding: .75rem 1.25rem; cursor: pointer; border-radius: 4px; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary::before { content: ""; flex: none; width: .4375rem; height: .4375rem; border: solid var(--muted); border-width: 0 2px 2px 0; rotate: -45deg; }
details[open] > summary::before { rotate: 45deg; translate: 0 -.125rem; }
summary div { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 .75rem; min-width: 0; }
summary h3 { min-width: 0; }
summary span { font-size: .875rem; color: var(--muted); }
summary:hover h3 { color: var(--indigo); }
.question { min-width: 12rem; overflow-wrap: break-word; }
.question small { display: block; font-size: .8125rem; color: var(--muted); }
.up { color: var(--gain-ink); font-weight: 600; } .down { color: var(--loss-ink); font-weight: 600; }
.group th { padding-block: .5rem; font-size: .8125rem; font-weight: 600; color: var(--muted); background: color-mix(in srgb, var(--wash) 55%, transparent); }

.words { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); gap: 1rem 2rem; margin-top: 1rem; }
.words dt { font-weight: 600; }
.words dd { font-size: .9375rem; color: var(--muted); text-wrap: pretty; }
.made { margin-top: 1rem; }
footer { padding-bottom: 2.5rem; font-size: .8125rem; color: var(--muted); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

@media (max-width: 44rem) {
  .column { width: calc(100% - 2rem); }
  main { gap: 2.5rem; padding-top: 1.5rem; }
  th, td { padding-inline: .5rem; }
  th:first-child, td:first-child { padding-left: .875rem; }
  th:last-child, td:last-child { padding-right: .875rem; }
  caption { padding-inline: .875rem; }
  caption span { left: .875rem; }
  .notes { padding-inline: .875rem; }
  .system { min-width: 9rem; max-width: 11rem; position: sticky; left: 0; z-index: 1; background: var(--surface); box-shadow: 1px 0 0 var(--line); }
  .system small { display: none; }
  figure { padding-inline: .75rem; }
  .wide { display: none; }
  .narrow { display: block; }
  summary { padding-inline: .875rem; }
}
@media print {
  body { background: none; }
  .head { background: none; color: inherit; padding-top: 0; }
  .head :is(.brand, .facts, dd) { color: inherit; }
  figure, tr { break-inside: avoid; }
}
`

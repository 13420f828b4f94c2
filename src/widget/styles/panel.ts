/**
 * The panel: where its parts stand, the field, the quiet line, filters, recent searches, notices, and the row at the foot. No
 * comments in the sheet, since visitors would load them:
 *
 * Once something is asked the panel is as high whatever is found, so that the page below stays where it is; not where all that can
 * be said is that nothing works. `::after` is rows to come, where none are there yet: after a moment, so that what is quick does
 * not flicker.
 */
import { glass } from './tokens.ts'

export const panel = `
.panel{
  display:grid;grid-template-columns:minmax(0,1fr) auto;color:var(--_text);font-size:.9375rem;
  grid-template-areas:"field field" "selection selection" "filters filters" "status status" "main main" "notice notice"
    "details details" "bar keys";
}
.panel:where(:not([data-stage=idle],:has(>.list[hidden]~.notice:not([hidden])))){
  grid-template-rows:auto auto auto auto minmax(6rem,1fr) auto auto auto;block-size:var(--selvage-list-size,min(75dvh,40rem))
}
.panel>:is(.list,.recents){grid-area:main}
.field{
  grid-area:field;display:flex;align-items:center;gap:4px;padding-inline:40px 8px;min-block-size:46px;
  border:1px solid var(--_line);border-radius:var(--_radius);background:color-mix(in srgb,currentColor 3%,transparent);
  transition:border-color .12s,box-shadow .12s
}
.field:focus-within{border-color:var(--_accent);box-shadow:0 0 0 3px color-mix(in srgb,var(--_accent) 22%,transparent)}
${glass('.field', '14px')}
.panel .field .label{position:absolute;inline-size:1px;block-size:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.input{
  flex:1;min-inline-size:0;block-size:44px;padding:0;font:inherit;font-size:max(1rem,16px);color:inherit;background:none;border:0;
  outline:0;appearance:none;text-overflow:ellipsis
}
.input::placeholder{color:var(--_quiet);opacity:1}
.clear,.recents li button+button{
  flex:none;inline-size:28px;block-size:28px;border-radius:50%;font-size:1.15rem;line-height:1;color:var(--_quiet)
}
.close{flex:none;padding:2px 10px;min-block-size:28px;border-radius:var(--_inner);font-size:.8125rem;color:var(--_quiet)}
:is(.clear,.close,.recents button,.chip,[part=button]):hover{background-color:var(--_hover);color:inherit}

.status{
  grid-area:status;min-block-size:2.3em;padding:.5em 14px .3em;font-size:.8125rem;line-height:1.5;color:var(--_quiet);
  font-variant-numeric:tabular-nums;overflow-wrap:anywhere
}
.panel[data-stage=done]:has(>.list[hidden])>.status:not(:empty){grid-area:main;padding:2.6em 1.5em 3em;font-size:.9375rem;text-align:center}
.panel>.status:empty:is(:has(~.recents:not([hidden])),:has(~.list[hidden]):has(~.notice:not([hidden]))){min-block-size:.5em;padding:0}

.chip{
  flex:none;display:inline-flex;align-items:center;gap:.45em;min-block-size:28px;padding:0 11px;border:1px solid var(--_line);
  border-radius:99px;font-size:.8125rem;white-space:nowrap
}
.chip .count{color:var(--_quiet);font-variant-numeric:tabular-nums}
.chip[aria-pressed=true]{border-color:var(--_accent);background-color:var(--_tint);color:var(--_accent)}
.chip[aria-pressed=true] .count{color:inherit}
.panel>.chip{grid-area:selection;justify-self:start;margin:10px 12px 0}
.filters{grid-area:filters;display:flex;gap:6px;padding:10px 12px 2px;overflow-x:auto;scrollbar-width:none}

.group-title{
  display:flex;justify-content:space-between;align-items:baseline;gap:1em;padding:12px 12px 4px;font-size:.8125rem;font-weight:600;
  line-height:1.4;color:var(--_quiet);overflow-wrap:anywhere
}
.recents{padding:0 4px 6px}
.recents li{display:flex;align-items:center;border-radius:var(--_inner);padding-inline-end:6px}
.recents li:is(:hover,:focus-within){background:var(--_hover)}
.recent{flex:1;min-inline-size:0;padding:8px 12px;border-radius:var(--_inner);text-align:start;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.recents .recent:hover{background:none}
.recents .group-title button{font-weight:400;padding:2px 6px;border-radius:5px}

.notice{
  grid-area:notice;display:flex;flex-wrap:wrap;align-items:center;gap:2px 12px;margin:8px 8px;padding:9px 12px;font-size:.8125rem;
  border-radius:var(--_inner);background:color-mix(in srgb,var(--_mark) 16%,transparent)
}
.notice>p{flex:1 1 16em}
.notice details{order:1;flex:1 1 100%;color:var(--_quiet)}
.notice summary{cursor:pointer;inline-size:fit-content;border-radius:4px}
.notice details p{padding-block-start:2px;overflow-wrap:anywhere}

.bar{grid-area:bar;display:flex;align-items:center;gap:4px;padding:7px 6px}
:is(.bar,.notice) [part=button]{
  min-block-size:28px;padding:2px 9px;border-radius:var(--_inner);font-size:.8125rem;font-weight:500;color:var(--_accent)
}
.details{grid-area:details;min-block-size:0;overflow:auto;border-block-start:1px solid var(--_line)}
.keys{
  grid-area:keys;display:flex;align-items:center;gap:14px;padding:7px 14px;font-size:.75rem;color:var(--_quiet);white-space:nowrap
}
.keys .kbd+.kbd{margin-inline-start:2px}

.panel[data-stage=searching]:has(>.list[hidden])::after{
  content:"";grid-area:main;min-block-size:min(21rem,40dvh);margin:4px 16px;opacity:0;animation:selvage-in .2s .15s forwards;
  --_bone:color-mix(in srgb,currentColor 9%,transparent);
  background:linear-gradient(#0000 14px,var(--_bone) 14px 25px,#0000 25px) 0 0/38% 81px repeat-y,
    linear-gradient(#0000 38px,var(--_bone) 38px 46px,#0000 46px) 0 0/92% 81px repeat-y,
    linear-gradient(#0000 58px,var(--_bone) 58px 66px,#0000 66px) 0 0/74% 81px repeat-y;
  mask:linear-gradient(#000,transparent)
}
[dir=rtl].panel::after{transform:scaleX(-1)}
@keyframes selvage-in{to{opacity:1}}

@media (pointer:coarse){
  .keys{display:none}
  .chip,.close,:is(.bar,.notice) [part=button],.recents .group-title button{min-block-size:44px;padding-inline:14px}
  .clear,.recents li button+button{inline-size:44px;block-size:44px}
  .recent{min-block-size:44px}
}
@media (max-width:40em){.keys{display:none}}
@media (forced-colors:active){
  .field:focus-within{outline:2px solid Highlight}
  .chip[aria-pressed=true]{background:Highlight;color:HighlightText;forced-color-adjust:none}
  .notice{border:1px solid}
}
@media (prefers-reduced-motion:reduce){*,::before,::after{animation-duration:0s!important;transition:none!important}}
`

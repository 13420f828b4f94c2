/** The heat map: small squares, words of the passage standing on end above them, words of the query kept in sight beside them. It comes with the map. */
export const heat = `
.heat{padding:10px 12px 4px}
.heat>p{padding-block-end:6px;font-size:.8125rem;color:var(--_quiet)}
.heat-box{overflow:auto;overscroll-behavior:contain;max-block-size:min(20rem,34dvh);border-radius:6px;scrollbar-width:thin}
.heat table{border-spacing:1px;font-size:.75rem;line-height:18px;font-variant-numeric:tabular-nums}
.heat th{font-weight:500;white-space:nowrap;text-align:end}
.heat thead th{
  position:sticky;inset-block-start:0;z-index:1;vertical-align:bottom;padding:0;background:var(--_surface);text-align:center
}
.heat thead span{
  writing-mode:vertical-rl;transform:rotate(180deg);max-block-size:7em;overflow:hidden;text-overflow:ellipsis;padding-block:2px;line-height:18px
}
.heat tbody th{
  position:sticky;inset-inline-start:0;z-index:1;padding:0 8px 0 2px;background:var(--_surface)
}
.heat thead td{position:sticky;inset-block-start:0;inset-inline-start:0;z-index:2;background:var(--_surface)}
.heat tbody td{
  min-inline-size:18px;block-size:18px;padding:0;border-radius:3px;font-size:0;
  background:color-mix(in srgb,var(--_accent) calc(3% + var(--strength)*82%),transparent)
}
.heat .best{outline:2px solid var(--_text);outline-offset:-2px}
.heat .mask th{color:var(--_quiet)}
.heat .mask td{opacity:.55}
@media (forced-colors:active){.heat thead td{position:sticky;inset-block-start:0;inset-inline-start:0;z-index:2;background:var(--_surface)}
.heat tbody td{font-size:.625rem;padding:0 2px}}
`

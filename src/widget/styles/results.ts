/**
 * The list: groups, options, excerpts and what is marked in them. An option is as high whatever is in it: a line of title and
 * two of excerpt.
 */
export const results = `
.list{
  overflow-y:auto;overscroll-behavior:contain;padding:0 4px 6px;
  scroll-padding-block:40px 8px;scrollbar-width:thin;transition:opacity .15s .1s
}
.panel[data-stage=searching] .list{opacity:.6}
.group:nth-child(n+13){content-visibility:auto;contain-intrinsic-block-size:auto 8rem}
.option{
  position:relative;display:block;padding:7px 12px 8px;border-radius:var(--_inner);color:inherit;text-decoration:none;outline:0;
  scroll-margin-block:8px
}
.option:hover{background:var(--_hover)}
.option[aria-selected=true]{background:var(--_tint)}
.option[aria-selected=true]::before{
  content:"";position:absolute;inset-block:9px;inset-inline-start:2px;inline-size:3px;border-radius:2px;background:var(--_accent)
}
.option:focus-visible{outline:2px solid var(--_accent);outline-offset:-2px}
.head{display:flex;align-items:baseline;gap:.6em;min-block-size:1.5em;white-space:nowrap}
.title{flex:0 1 auto;min-inline-size:3em;overflow:hidden;text-overflow:ellipsis;font-weight:600}
.option[aria-selected=true] .title{color:var(--_accent)}
.path{flex:0 9 auto;min-inline-size:0;overflow:hidden;text-overflow:ellipsis;font-size:.8125rem;color:var(--_quiet)}
.weak{
  flex:0 .5 auto;min-inline-size:0;max-inline-size:50%;margin-inline-start:auto;overflow:hidden;text-overflow:ellipsis;font-size:.75rem;
  color:var(--_quiet)
}
.weak s{text-decoration-thickness:1px}
.excerpt{
  display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;line-clamp:2;overflow:hidden;block-size:3em;margin-block-start:1px;
  font-size:.875rem;line-height:1.5;color:var(--_quiet);overflow-wrap:anywhere;text-align:match-parent
}
.excerpt.code{font-family:var(--_mono);font-size:.8125rem;line-height:calc(.875rem*1.5);block-size:calc(.875rem*3);white-space:pre-wrap;
  text-align:left;tab-size:2}
mark{
  padding:.06em .1em;margin-inline:-.1em;border-radius:3px;color:inherit;color:rgb(from currentColor r g b/1);box-decoration-break:clone;-webkit-box-decoration-break:clone;
  background:color-mix(in srgb,var(--_mark) calc(22% + var(--strength,1)*50%),transparent)
}
@media (forced-colors:active){
  .option[aria-selected=true],.option[aria-selected=true] :is(.title,.path,.weak,.excerpt){
    color:HighlightText;forced-color-adjust:none
  }
  .option[aria-selected=true]{background:Highlight}
  mark{background:Mark;color:MarkText;forced-color-adjust:none}
}
`

/**
 * What a site may change, and what everything else is made from. A search in the page takes colour and font of what it stands
 * in, so that it fits sites that say nothing of light and dark; a dialog brings its own.
 */
export const tokens = `
:host{
  --_accent:var(--selvage-accent,light-dark(#3451b2,#a8b8ff));
  --_mark:var(--selvage-mark,light-dark(#ffcf3f,#8a6a10));
  --_surface:var(--selvage-surface,Canvas);
  --_text:var(--selvage-text,currentColor);
  --_quiet:color-mix(in srgb,currentColor 72%,transparent);
  --_line:var(--selvage-line,color-mix(in srgb,currentColor 14%,transparent));
  --_hover:color-mix(in srgb,currentColor 5%,transparent);
  --_tint:color-mix(in srgb,var(--_accent) 11%,transparent);
  --_radius:var(--selvage-radius,10px);
  --_inner:calc(var(--_radius)*.7);
  --_mono:var(--selvage-mono,ui-monospace,SFMono-Regular,Menlo,Consolas,monospace);
  display:block;font:var(--selvage-font,inherit);line-height:1.5;text-align:start;-webkit-tap-highlight-color:transparent
}
:host([hidden]),[hidden]{display:none!important}
*,::before,::after{box-sizing:border-box}
p,ul{margin:0;padding:0;list-style:none}
button{font:inherit;color:inherit;background:none;border:0;padding:0;margin:0;cursor:pointer;touch-action:manipulation}
:is(button,summary,.heat-box):focus-visible{outline:2px solid var(--_accent);outline-offset:1px}
.kbd{
  display:inline-block;min-inline-size:1.7em;padding:0 .4em;border:1px solid var(--_line);border-radius:5px;
  font:inherit;font-size:.92em;line-height:1.55;text-align:center;color:inherit
}
`

/** A magnifying glass at the start of `selector`: drawn, since a policy may forbid pictures in a sheet. */
export function glass(selector: string, at: string): string {
  return `
${selector}{position:relative}
${selector}::before,${selector}::after{content:"";position:absolute;pointer-events:none;opacity:.62}
${selector}::before{inset-block-start:calc(50% - 8px);inset-inline-start:${at};inline-size:13px;block-size:13px;
  border:1.75px solid;border-radius:50%}
${selector}::after{inset-block-start:calc(50% + 4.5px);inset-inline-start:calc(${at} + 10px);inline-size:6.5px;border-block-start:1.75px solid;transform:rotate(45deg)}
${selector}:dir(rtl)::after{transform:rotate(-45deg)}
`
}

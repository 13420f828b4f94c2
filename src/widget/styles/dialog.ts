/** The dialog: in the upper middle of the window, as high as it may be once something is asked; on phones all of the screen. */
export const dialog = `
.dialog{
  --_top:min(12dvh,7rem);
  inline-size:min(42rem,100vw - 2rem);max-inline-size:none;max-block-size:none;margin:var(--_top) auto auto;padding:0;overflow:hidden;
  color:var(--selvage-text,light-dark(#1c1e24,#e6e7ea));background:var(--_surface);
  border:1px solid light-dark(#0000001a,#ffffff1f);border-radius:calc(var(--_radius)*1.4);
  box-shadow:0 1px 2px #0000000f,0 8px 24px #0000001f,0 24px 64px #00000029;
  --_surface:var(--selvage-surface,light-dark(#fff,#1c1d21));font:var(--selvage-font,inherit)
}
.dialog::backdrop{background:light-dark(#1417204d,#00000099);backdrop-filter:blur(2px)}
.dialog .panel{
  grid-template-rows:auto auto auto auto minmax(0,1fr) auto auto auto;max-block-size:min(40rem,100dvh - 2*var(--_top))
}
.dialog .panel:is([data-stage=searching],:has(>.list:not([hidden]))){block-size:40rem}
.dialog .panel::after{margin-inline:20px}
.dialog .field{
  min-block-size:56px;padding-inline:48px 12px;border-width:0 0 1px;border-radius:0;background:none;box-shadow:none;border-color:var(--_line)
}
.dialog .field::before{inset-inline-start:19px}
.dialog .field::after{inset-inline-start:29px}
.dialog .input{block-size:55px;font-size:1.0625rem}
.dialog :is(.list,.recents){padding-inline:8px}
.dialog .recents{overflow-y:auto}
.dialog .status{padding-inline:20px}
.dialog .filters{padding-inline:16px}
.dialog .details{max-block-size:50dvh}
.dialog .bar{padding-inline:10px}
.dialog :is(.bar,.keys){border-block-start:1px solid #0000;grid-row:8}
.dialog .keys{
  grid-column:1/-1;justify-content:flex-end;box-sizing:border-box;min-block-size:43px;padding-inline-end:18px;
  border-color:var(--_line);pointer-events:none
}
@media (max-width:40em),(pointer:coarse){.dialog .bar{border-color:var(--_line)}}
@media (prefers-reduced-motion:no-preference){
  .dialog[open]{transition:opacity .14s,transform .14s cubic-bezier(.2,.8,.2,1)}
  .dialog[open]::backdrop{transition:opacity .14s}
  @starting-style{
    .dialog[open]{opacity:0;transform:translateY(-8px) scale(.99)}
    .dialog[open]::backdrop{opacity:0}
  }
}
@media (max-width:40em){
  .dialog{inline-size:100vw;block-size:100dvh;margin:0;border:0;border-radius:0;box-shadow:none}
  .dialog .panel:has(.input){
    block-size:100dvh!important;max-block-size:none;
    padding:env(safe-area-inset-top) env(safe-area-inset-right) env(safe-area-inset-bottom) env(safe-area-inset-left)
  }
  .dialog .field{padding-inline-end:6px}
}
`

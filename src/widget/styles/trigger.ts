/** The button that opens the dialog: a field that is none, with the keys that open it. */
import { glass } from './tokens.ts'

export const trigger = `
:host{display:inline-block;vertical-align:middle}
.trigger{
  display:flex;align-items:center;gap:10px;inline-size:100%;min-block-size:38px;padding:0 8px 0 36px;padding-inline:36px 8px;font-size:.875rem;
  border:1px solid var(--_line);border-radius:var(--_radius);background-color:color-mix(in srgb,currentColor 3%,transparent);
  color:var(--_text);transition:border-color .12s,background-color .12s
}
${glass('.trigger', '12px')}
.trigger:hover{border-color:color-mix(in srgb,currentColor 34%,transparent);background-color:var(--_hover)}
.trigger .label{flex:1;min-inline-size:3em;text-align:start;color:var(--_quiet)}
.trigger .kbd{font-size:.75rem;color:var(--_quiet)}
@media (pointer:coarse){.trigger{min-block-size:44px}.trigger .kbd{display:none}}
`

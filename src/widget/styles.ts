/**
 * How the widget looks. Sheets are made by the script, which a strict Content-Security-Policy allows; one of each is shared by all
 * elements. Classes have the names of parts, so that a site may say more with `::part`. Light or dark is what the color-scheme
 * says that an element stands in.
 *
 * Custom properties that a site may set, on the elements or above them:
 *   --selvage-accent     active option, pressed filters, focus, heat map
 *   --selvage-mark       words that matched
 *   --selvage-surface    behind the dialog, and behind the heads of the heat map
 *   --selvage-text       default: of what the search stands in; the dialog's own
 *   --selvage-line       borders
 *   --selvage-radius     of field and options; of the dialog somewhat more
 *   --selvage-font       as for `font`, for example 16px/1.5 Inter
 *   --selvage-mono       a font-family for code
 *   --selvage-list-size  how high a search in the page is while it shows what was found
 */
import { dialog } from './styles/dialog.ts'
import { panel } from './styles/panel.ts'
import { results } from './styles/results.ts'
import { tokens } from './styles/tokens.ts'
import { trigger } from './styles/trigger.ts'

function sheetOf(...rules: readonly string[]): CSSStyleSheet {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(rules.join(''))
  return sheet
}

export const panelSheet = sheetOf(tokens, panel, results)
export const dialogSheet = sheetOf(dialog)
export const triggerSheet = sheetOf(tokens, trigger)

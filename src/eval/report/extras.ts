/** What a report has beside the comparison itself. Nouns only: the forms that show it are files of their own. */

/** In every form of the report. */
export interface ReportExtras {
  /** How it was made, as pairs of a name and a value: model, machine, date. */
  readonly facts?: readonly (readonly [name: string, value: string])[]
  /** Tables of other kinds: how often each system ranks the right one of two passages first. */
  readonly tables?: readonly ExtraTable[]
}

export interface HtmlExtras extends ReportExtras {
  /** Parts of the page that are made elsewhere. `html` goes in as it is: whoever made it has escaped it. */
  readonly sections?: readonly { readonly title: string; readonly html: string }[]
}

export interface ExtraTable {
  readonly title: string
  /** The first names the row: mostly a system. */
  readonly columns: readonly string[]
  /** As many cells as there are columns. Numbers stand at the right, shares (0 .. 1) with four places as elsewhere. */
  readonly rows: readonly (readonly Cell[])[]
  /** A sentence or two below the table. */
  readonly note?: string
}

/** `null` where there is nothing to say. */
export type Cell = string | number | null

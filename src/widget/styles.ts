/** How the widget looks. */
export const panelSheet = new CSSStyleSheet()
export const dialogSheet = new CSSStyleSheet()
export const triggerSheet = new CSSStyleSheet()

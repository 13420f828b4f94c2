/**
 * What "more like this" and heat maps take beyond a search: where a text is, and stored vectors as a query. In builds it
 * comes with the code for vectors, which who searches for words alone never fetches.
 */
export { locateHit, locateText } from './locate.ts'
export { cosines, countTokens, storedQuery } from './stored.ts'

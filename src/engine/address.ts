/**
 * Addresses of pages and sections: where one leads that is meant relative to the index's folder, and whether two are of one
 * page or section. Strings only.
 */

const IN_FOLDER = /^(?:\.{1,2}\/)+/
const NOWHERE = 'https://folder.invalid/'

/** An address with ./ or ../ before it is meant relative to the index's folder: such a site can be served under any path. */
export function placed(url: string, folder: string | undefined): string {
  return folder !== undefined && IN_FOLDER.test(url) ? new URL(url, folder).href : url
}

/** Whether a hit's address is this one, to the letter; of one that is in the index's folder the end is enough. */
export function isPlaced(own: string, url: string): boolean {
  return own === url || (IN_FOLDER.test(own) && url.endsWith(placed(own, NOWHERE).slice(NOWHERE.length - 1)))
}

/** Whether they are of one page. */
export function isSamePage(own: string, url: string): boolean {
  const [is, wanted] = [barePage(own), barePage(url)]
  return is === wanted || (IN_FOLDER.test(own) && is !== '' && wanted.endsWith(`/${is}`))
}

/** What tells pages apart in an address: no origin, no fragment, and one form for the ways to name a folder's page. */
export function barePage(url: string): string {
  const path = url.replace(/#.*/s, '').replace(/^[a-z][a-z\d+.-]*:\/\/[^/?]*/i, '')
  return path
    .replace(/(^|\/)index\.html?$/, '$1')
    .replace(/\.html?$/, '')
    .replace(/^(?:\.{0,2}\/)+|\/+$/g, '')
}

/**
 * Two pieces of Markdown that documentation generators add and CommonMark does not know:
 * - container lines, `:::tip Title` and `:::` (VitePress, Docusaurus, Starlight): one flow construct per line. What lies
 *   between two of them stays ordinary content, so an unclosed container loses nothing.
 * - attribute lists, `{#id .class}` (markdown-it-attrs, Docusaurus), `{: #id }` and `{ data-search-exclude }`
 *   (Python-Markdown, MkDocs), and `{/*id*\/}` (react.dev): one text construct. It stands before MDX's own `{`, which would refuse `{#id}`.
 * As micromark constructs, neither is ever seen inside code, and both obey lists and block quotes.
 */
import type { Node, Parent, PhrasingContent } from 'mdast'
import type { CompileContext, Extension as TreeExtension } from 'mdast-util-from-markdown'
import type { Code, Effects, Extension, State, Token } from 'micromark-util-types'

export interface ContainerMarker extends Parent {
  type: 'containerMarker'
  /** The title, if there is one. */
  children: PhrasingContent[]
}

export interface AttributeList extends Node {
  type: 'attributeList'
  /** As written, with the braces. */
  value: string
}

declare module 'mdast' {
  interface BlockContentMap {
    containerMarker: ContainerMarker
  }
  interface RootContentMap {
    containerMarker: ContainerMarker
    attributeList: AttributeList
  }
  interface PhrasingContentMap {
    attributeList: AttributeList
  }
}

declare module 'micromark-util-types' {
  interface TokenTypeMap {
    containerMarker: 'containerMarker'
    containerMarkerText: 'containerMarkerText'
    attributeList: 'attributeList'
  }
}

const SPACE = 32
const HASH = 35
const STAR = 42
const DOT = 46
const SLASH = 47
const COLON = 58
const LEFT_BRACE = 123
const RIGHT_BRACE = 125
const DATA = 'data-'

export function docsSyntax(): Extension {
  return {
    flow: { [COLON]: { name: 'containerMarker', tokenize: tokenizeContainerMarker } },
    text: { [LEFT_BRACE]: { name: 'attributeList', tokenize: tokenizeAttributeList } },
  }
}

export function docsFromMarkdown(): TreeExtension {
  return {
    enter: {
      containerMarker(this: CompileContext, token: Token) {
        this.enter({ type: 'containerMarker', children: [] }, token)
      },
    },
    exit: {
      containerMarker(this: CompileContext, token: Token) {
        this.exit(token)
      },
      attributeList(this: CompileContext, token: Token) {
        this.enter({ type: 'attributeList', value: this.sliceSerialize(token) }, token)
        this.exit(token)
      },
    },
  }
}

/** `:::` `::: name` `:::name[title]` `::: name title {attributes}`, to the end of the line. */
function tokenizeContainerMarker(effects: Effects, ok: State, nok: State): State {
  let colons = 0
  return start

  function start(code: Code): State | undefined {
    effects.enter('containerMarker')
    effects.enter('containerMarkerText')
    return sequence(code)
  }

  function sequence(code: Code): State | undefined {
    if (code === COLON) {
      colons++
      effects.consume(code)
      return sequence
    }
    return colons < 3 ? nok(code) : space(code)
  }

  function space(code: Code): State | undefined {
    if (isBlank(code)) {
      effects.consume(code)
      return space
    }
    return isLetter(code) ? name(code) : title(code)
  }

  function name(code: Code): State | undefined {
    if (isLetter(code) || isDigit(code) || code === 45 /* - */ || code === 95 /* _ */) {
      effects.consume(code)
      return name
    }
    return spaceAfterName(code)
  }

  function spaceAfterName(code: Code): State | undefined {
    if (isBlank(code)) {
      effects.consume(code)
      return spaceAfterName
    }
    return title(code)
  }

  function title(code: Code): State | undefined {
    effects.exit('containerMarkerText')
    if (isLineEnd(code)) return done(code)
    effects.enter('chunkText', { contentType: 'text' })
    return inTitle(code)
  }

  function inTitle(code: Code): State | undefined {
    if (isLineEnd(code)) {
      effects.exit('chunkText')
      return done(code)
    }
    effects.consume(code)
    return inTitle
  }

  function done(code: Code): State | undefined {
    effects.exit('containerMarker')
    return ok(code)
  }
}

/** `{`, then `#`, `.`, `:` or `data-` (after a space or not) up to `}` on the same line; or a comment, `{/*…*\/}`. */
function tokenizeAttributeList(effects: Effects, ok: State, nok: State): State {
  let before: Code = null
  let matched = 0
  return start

  function start(code: Code): State | undefined {
    effects.enter('attributeList')
    effects.consume(code)
    return open
  }

  function open(code: Code): State | undefined {
    if (code === SPACE) {
      effects.consume(code)
      return open
    }
    if (code === SLASH) {
      effects.consume(code)
      return commentStart
    }
    if (code === DATA.charCodeAt(0)) return data(code)
    return code === HASH || code === DOT || code === COLON ? inside(code) : nok(code)
  }

  function data(code: Code): State | undefined {
    if (matched === DATA.length) return inside(code)
    if (code !== DATA.charCodeAt(matched)) return nok(code)
    matched++
    effects.consume(code)
    return data
  }

  function inside(code: Code): State | undefined {
    if (isLineEnd(code) || code === LEFT_BRACE) return nok(code)
    effects.consume(code)
    return code === RIGHT_BRACE ? done : inside
  }

  function commentStart(code: Code): State | undefined {
    if (code !== STAR) return nok(code)
    effects.consume(code)
    return comment
  }

  function comment(code: Code): State | undefined {
    if (isLineEnd(code)) return nok(code)
    effects.consume(code)
    const isEnd = before === STAR && code === SLASH
    before = code
    return isEnd ? commentEnd : comment
  }

  function commentEnd(code: Code): State | undefined {
    if (code !== RIGHT_BRACE) return nok(code)
    effects.consume(code)
    return done
  }

  function done(code: Code): State | undefined {
    effects.exit('attributeList')
    return ok(code)
  }
}

/** micromark's codes: null is the end of the file, -5..-3 line endings, -2 and -1 a tab and its virtual spaces. */
function isLineEnd(code: Code): boolean {
  return code === null || code <= -3
}

function isBlank(code: Code): boolean {
  return code === SPACE || code === -2 || code === -1
}

function isDigit(code: Code): boolean {
  return code !== null && code >= 48 && code <= 57
}

function isLetter(code: Code): boolean {
  return code !== null && ((code >= 65 && code <= 90) || (code >= 97 && code <= 122))
}

/** A container's title without `{open}` or `{icon="heart"}` after it and the brackets of `:::tip[Title]` around it. */
export function containerTitle(text: string): string {
  const hasAttributes = text.endsWith('}') && !text.endsWith('}}')
  const title = hasAttributes ? text.slice(0, text.lastIndexOf('{')).trimEnd() : text
  return title.startsWith('[') && title.endsWith(']') ? title.slice(1, -1) : title
}

/** The id that an attribute list gives its heading, if any: `#id` among its words, or a comment of one word. */
export function idOf(list: AttributeList): string | undefined {
  if (isComment(list)) {
    const words = list.value.slice(3, -3).trim().split(/\s+/)
    // Docusaurus writes {/* #id */}, react.dev {/*id*/}; more than one word is a remark.
    return words.length === 1 && words[0] !== '' ? words[0]!.replace(/^#/, '') : undefined
  }
  const words = list.value.slice(1, -1).trim().replace(/^:/, '').trim().split(/\s+/)
  return words.find((word) => word.length > 1 && word.startsWith('#'))?.slice(1)
}

/** MkDocs: the block or section with this list is not to be found. */
export function isSearchExclude(list: AttributeList): boolean {
  return /[\s{:]data-search-exclude(?:[\s=}]|$)/.test(list.value)
}

export function isComment(list: AttributeList): boolean {
  return list.value.replaceAll(' ', '').startsWith('{/*')
}

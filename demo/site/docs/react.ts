/**
 * A page of react.dev, MDX, as a tree of HTML: parsed by micromark and mdast, its components by reactComponents.ts. Links, ids
 * and pictures are still as the source has them; finish.ts does for both documentations what both need.
 */
import type { Root as HtmlRoot } from 'hast'
import { h } from 'hastscript'
import type { Heading, Nodes, Root } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { gfmFootnoteFromMarkdown } from 'mdast-util-gfm-footnote'
import { gfmStrikethroughFromMarkdown } from 'mdast-util-gfm-strikethrough'
import { gfmTableFromMarkdown } from 'mdast-util-gfm-table'
import { mdxFromMarkdown } from 'mdast-util-mdx'
import { type Handlers, toHast } from 'mdast-util-to-hast'
import { gfmFootnote } from 'micromark-extension-gfm-footnote'
import { gfmStrikethrough } from 'micromark-extension-gfm-strikethrough'
import { gfmTable } from 'micromark-extension-gfm-table'
import { mdxjs } from 'micromark-extension-mdxjs'
import { parse as parseYaml } from 'yaml'
import { codeBlock } from './code.ts'
import { component } from './reactComponents.ts'

export interface Rendered {
  readonly root: HtmlRoot
  /** Where it is said apart from the text. */
  readonly title: string | undefined
}

const HANDLERS: Handlers = {
  code: (_state, { lang, meta, value }) => codeBlock({ lang: lang ?? '', meta: meta ?? '', code: value }),
  heading: (state, node: Heading) => {
    const id = idOf(node)
    const text = id === undefined ? node : { ...node, children: node.children.slice(0, -1) }
    return h(`h${node.depth}`, id === undefined ? {} : { id }, ...state.all(text))
  },
  mdxJsxFlowElement: component,
  mdxJsxTextElement: component,
  // `{' '}` is how JSX writes a space; all else is a comment.
  mdxTextExpression: (_state, { value }) => ({ type: 'text', value: /^\s*(['"])(\s+)\1\s*$/.exec(value)?.[2] ?? '' }),
  mdxFlowExpression: () => undefined,
  mdxjsEsm: () => undefined,
}

export function renderReact(source: string): Rendered {
  const front = /^---\n(.*?)\n---\n/s.exec(source)
  const data: unknown = front?.[1] === undefined ? undefined : parseYaml(front[1])
  const root = parse(source.slice(front?.[0].length ?? 0))
  const html = toHast(root, { handlers: HANDLERS })
  const title = typeof data === 'object' && data !== null && 'title' in data ? String(data.title) : undefined
  return { root: html.type === 'root' ? html : { type: 'root', children: [] }, title }
}

function parse(body: string): Root {
  return fromMarkdown(body, {
    extensions: [gfmTable(), gfmStrikethrough(), gfmFootnote(), mdxjs()],
    mdastExtensions: [
      gfmTableFromMarkdown(),
      gfmStrikethroughFromMarkdown(),
      gfmFootnoteFromMarkdown(),
      mdxFromMarkdown(),
    ],
  })
}

/** `## Title {/*id*​/}`: the comment is the heading's id. */
function idOf({ children }: Heading): string | undefined {
  const last: Nodes | undefined = children.at(-1)
  return last?.type === 'mdxTextExpression' ? /^\/\*\s*(.*?)\s*\*\/$/.exec(last.value)?.[1] : undefined
}

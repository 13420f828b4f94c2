/**
 * Markdown and MDX → outline. Parsing by micromark and mdast; this file chooses the dialect and what to do when parsing
 * fails, mdastWriter.ts reads the tree.
 *
 * Left out of GFM on purpose: literal autolinks. A bare url reads the same as text, and the construct makes a paragraph
 * of many lines quadratic (2 MB: 39 s with it, 2 s without; micromark-extension-gfm-autolink-literal 2.1.0).
 */
import type { Root } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { gfmFootnoteFromMarkdown } from 'mdast-util-gfm-footnote'
import { gfmStrikethroughFromMarkdown } from 'mdast-util-gfm-strikethrough'
import { gfmTableFromMarkdown } from 'mdast-util-gfm-table'
import { gfmFootnote } from 'micromark-extension-gfm-footnote'
import { gfmStrikethrough } from 'micromark-extension-gfm-strikethrough'
import { gfmTable } from 'micromark-extension-gfm-table'
import { type AnchorStyle, createAnchors } from './anchors.ts'
import { isMdx, looksLikeMdx } from './dialect.ts'
import { splitFrontMatter } from './frontMatter.ts'
import { isTooHard } from './guard.ts'
import { writeMdast } from './mdastWriter.ts'
import type { Item, Outline } from './outline.ts'
import { readPlain } from './plain.ts'
import { docsFromMarkdown, docsSyntax } from './syntax.ts'

/** Undefined for a page whose front matter keeps it out of search. */
export async function readMarkdown(
  content: string,
  dialect: 'markdown' | 'mdx',
  anchors: AnchorStyle,
): Promise<Outline | undefined> {
  const { data, body } = splitFrontMatter(content)
  if (data.isExcluded) return undefined
  return { items: await readBody(body, dialect, anchors), ...data.fields }
}

async function readBody(body: string, dialect: 'markdown' | 'mdx', anchors: AnchorStyle): Promise<readonly Item[]> {
  if (isTooHard(body, 'markdown')) return readPlain(body).items
  try {
    const items: Item[] = []
    writeMdast(await parse(body, dialect), items, createAnchors(anchors))
    return items
  } catch (error) {
    // Nesting that guard.ts did not foresee overflows the stack; the text is still there.
    if (error instanceof RangeError) return readPlain(body).items
    throw error
  }
}

async function parse(body: string, dialect: 'markdown' | 'mdx'): Promise<Root> {
  if ((dialect === 'mdx' || looksLikeMdx(body)) && !isTooHard(body, 'mdx')) {
    const root = await parseMdx(body)
    if (root !== undefined && (dialect === 'mdx' || isMdx(root))) return root
  }
  return parseMarkdown(body)
}

function parseMarkdown(body: string): Root {
  return fromMarkdown(body, {
    extensions: [gfmTable(), gfmStrikethrough(), gfmFootnote(), docsSyntax()],
    mdastExtensions: [
      gfmTableFromMarkdown(),
      gfmStrikethroughFromMarkdown(),
      gfmFootnoteFromMarkdown(),
      docsFromMarkdown(),
    ],
  })
}

/** Undefined where the file is not valid MDX: one stray `<` must not lose a page, so it is then read as Markdown. */
async function parseMdx(body: string): Promise<Root | undefined> {
  const [{ mdxjs }, { mdxFromMarkdown }] = await Promise.all([
    import('micromark-extension-mdxjs'),
    import('mdast-util-mdx'),
  ])
  try {
    return fromMarkdown(body, {
      extensions: [gfmTable(), gfmStrikethrough(), gfmFootnote(), mdxjs(), docsSyntax()],
      mdastExtensions: [
        gfmTableFromMarkdown(),
        gfmStrikethroughFromMarkdown(),
        gfmFootnoteFromMarkdown(),
        mdxFromMarkdown(),
        docsFromMarkdown(),
      ],
    })
  } catch (error) {
    if (error instanceof RangeError) throw error
    return undefined
  }
}

/**
 * The order of the documentations: sections, groups in them, pages in those, as their own sites have it. What is not named here
 * stands at the end of its section, so that no page is out of reach. It knows paths; titles come from the pages.
 */
import type { Docs } from '../pages.ts'

export interface Group<Page> {
  readonly title: string
  readonly pages: readonly Page[]
}

export interface Section<Page> {
  readonly title: string
  readonly groups: readonly Group<Page>[]
}

interface Named {
  readonly path: string
}

/** A title, and names below a folder; a folder alone takes what is in it and nowhere else, by name. */
type Row = readonly [title: string, folder: string, names?: string]

const ORDER: Readonly<Record<Docs, readonly (readonly [section: string, rows: readonly Row[]])[]>> = {
  vue: [
    [
      'Guide',
      [
        ['Getting started', 'guide/', 'introduction quick-start'],
        [
          'Essentials',
          'guide/essentials/',
          'application template-syntax reactivity-fundamentals computed class-and-style conditional list event-handling forms ' +
            'watchers template-refs component-basics lifecycle',
        ],
        [
          'Components in depth',
          'guide/components/',
          'registration props events v-model attrs slots provide-inject async',
        ],
        ['Reusability', 'guide/reusability/', 'composables custom-directives plugins'],
        ['Built-in components', 'guide/built-ins/', 'transition transition-group keep-alive teleport suspense'],
        ['Scaling up', 'guide/scaling-up/', 'sfc tooling routing state-management testing ssr'],
        ['Best practices', 'guide/best-practices/', 'production-deployment performance accessibility security'],
        ['TypeScript', 'guide/typescript/', 'overview composition-api options-api'],
        [
          'Extra topics',
          'guide/extras/',
          'ways-of-using-vue composition-api-faq reactivity-in-depth rendering-mechanism render-function web-components animation',
        ],
      ],
    ],
    [
      'API',
      [
        ['Global API', 'api/', 'application general'],
        [
          'Composition API',
          'api/',
          'composition-api-setup reactivity-core reactivity-utilities reactivity-advanced composition-api-lifecycle ' +
            'composition-api-dependency-injection composition-api-helpers',
        ],
        [
          'Options API',
          'api/',
          'options-state options-rendering options-lifecycle options-composition options-misc component-instance',
        ],
        [
          'Built-ins',
          'api/',
          'built-in-directives built-in-components built-in-special-elements built-in-special-attributes',
        ],
        ['Single-file components', 'api/', 'sfc-spec sfc-script-setup sfc-css-features'],
        ['Advanced', 'api/', 'custom-elements render-function ssr custom-renderer utility-types compile-time-flags'],
        ['Look up', 'glossary/'],
        ['Look up', 'error-reference/'],
      ],
    ],
    ['Style guide', [['Rules', 'style-guide/', 'index rules-essential rules-strongly-recommended rules-recommended']]],
    [
      'About',
      [
        ['About Vue', 'about/', 'faq releases community-guide coc privacy'],
        ['Ecosystem', 'ecosystem/'],
      ],
    ],
  ],
  react: [
    [
      'Learn',
      [
        ['Get started', 'learn/', 'index tutorial-tic-tac-toe thinking-in-react'],
        [
          'Installation',
          'learn/',
          'installation creating-a-react-app build-a-react-app-from-scratch add-react-to-an-existing-project',
        ],
        ['Setup', 'learn/', 'setup editor-setup typescript react-developer-tools'],
        ['React Compiler', 'learn/react-compiler/', 'index introduction installation incremental-adoption debugging'],
        [
          'Describing the UI',
          'learn/',
          'describing-the-ui your-first-component importing-and-exporting-components writing-markup-with-jsx ' +
            'javascript-in-jsx-with-curly-braces passing-props-to-a-component conditional-rendering rendering-lists ' +
            'keeping-components-pure understanding-your-ui-as-a-tree',
        ],
        [
          'Adding interactivity',
          'learn/',
          'adding-interactivity responding-to-events state-a-components-memory render-and-commit state-as-a-snapshot ' +
            'queueing-a-series-of-state-updates updating-objects-in-state updating-arrays-in-state',
        ],
        [
          'Managing state',
          'learn/',
          'managing-state reacting-to-input-with-state choosing-the-state-structure sharing-state-between-components ' +
            'preserving-and-resetting-state extracting-state-logic-into-a-reducer passing-data-deeply-with-context ' +
            'scaling-up-with-reducer-and-context',
        ],
        [
          'Escape hatches',
          'learn/',
          'escape-hatches referencing-values-with-refs manipulating-the-dom-with-refs synchronizing-with-effects ' +
            'you-might-not-need-an-effect lifecycle-of-reactive-effects separating-events-from-effects ' +
            'removing-effect-dependencies reusing-logic-with-custom-hooks',
        ],
      ],
    ],
    [
      'Reference',
      [
        [
          'Hooks',
          'reference/react/',
          'index hooks useActionState useCallback useContext useDebugValue useDeferredValue useEffect useEffectEvent useId ' +
            'useImperativeHandle useInsertionEffect useLayoutEffect useMemo useOptimistic useReducer useRef useState ' +
            'useSyncExternalStore useTransition',
        ],
        ['Components', 'reference/react/', 'components Fragment Profiler StrictMode Suspense Activity ViewTransition'],
        [
          'APIs',
          'reference/react/',
          'apis act addTransitionType cache cacheSignal captureOwnerStack createContext lazy memo startTransition use ' +
            'experimental_taintObjectReference experimental_taintUniqueValue',
        ],
        ['Legacy', 'reference/react/', 'legacy'],
        ['Legacy', 'reference/react/'],
        ['react-dom', 'reference/react-dom/', 'index'],
        ['react-dom hooks', 'reference/react-dom/hooks/'],
        ['react-dom components', 'reference/react-dom/components/'],
        ['react-dom APIs', 'reference/react-dom/'],
        ['react-dom client', 'reference/react-dom/client/'],
        ['react-dom server', 'reference/react-dom/server/'],
        ['react-dom static', 'reference/react-dom/static/'],
        ['React Compiler', 'reference/react-compiler/', 'configuration'],
        ['React Compiler', 'reference/react-compiler/'],
        ['React Compiler', 'reference/react-compiler/directives/'],
        ['DevTools', 'reference/dev-tools/'],
        ['Rules of React', 'reference/rules/'],
        ['ESLint plugin', 'reference/eslint-plugin-react-hooks/'],
        ['ESLint plugin', 'reference/eslint-plugin-react-hooks/lints/'],
        ['Server Components', 'reference/rsc/', 'server-components server-functions'],
        ['Server Components', 'reference/rsc/'],
      ],
    ],
  ],
}

/** Every page once. Sections and groups without a page are left out. */
export function arrange<Page extends Named>(docs: Docs, pages: readonly Page[]): readonly Section<Page>[] {
  const left = new Map(pages.map((page) => [page.path, page]))
  const take = (paths: readonly string[]) =>
    paths.flatMap((path) => {
      const page = left.get(path)
      left.delete(path)
      return page ? [page] : []
    })
  const sections = ORDER[docs].map(([title, rows]) => {
    const groups = new Map<string, Page[]>()
    const put = (group: string, found: readonly Page[]) => groups.set(group, [...(groups.get(group) ?? []), ...found])
    // Those that are named go first, so that a folder does not take them before.
    const named = rows.map(([, folder, names]) => names && take(names.split(' ').map((name) => `${folder}${name}`)))
    rows.forEach(([group, folder], i) => {
      put(group, named[i] || take([...left.keys()].filter((path) => isIn(path, folder))))
    })
    const folders = new Set(rows.map(([, folder]) => folder.split('/')[0]))
    put('More', take([...left.keys()].filter((path) => folders.has(path.split('/')[0]))))
    return { title, groups: [...groups].map(([name, of]) => ({ title: name, pages: of })).filter(hasPages) }
  })
  return sections.filter(({ groups }) => groups.length > 0)
}

function hasPages({ pages }: { readonly pages: readonly unknown[] }): boolean {
  return pages.length > 0
}

/** Directly in it. */
function isIn(path: string, folder: string): boolean {
  return path.startsWith(folder) && !path.slice(folder.length).includes('/')
}

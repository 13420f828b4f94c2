/** Real documentation, as its readers see it. Origins and licences: test/fixtures/text/README.md. */
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { read } from './show.ts'

function fixture(name: string): Promise<string> {
  return readFile(new URL(`../fixtures/text/${name}`, import.meta.url), 'utf8')
}

test('VitePress: containers, code groups, raw HTML, <script setup>, explicit ids', async () => {
  const shown = await read('guide/quick-start.md', await fixture('vue-quick-start.md'), { anchors: 'vitepress' })
  expect(shown).toMatchInlineSnapshot(`
    "# Quick Start [/guide/quick-start.html]
    # Quick Start › Try Vue Online [/guide/quick-start.html#try-vue-online]
    list-item| - To quickly get a taste of Vue, you can try it directly in our Playground.
    list-item| - If you prefer a plain HTML setup without any build steps, you can use this JSFiddle as your starting point.
    list-item| - If you are already familiar with Node.js and the concept of build tools, you can also try a complete build setup right within your browser on StackBlitz.
    list-item| - To get a walkthrough of the recommended setup, watch this interactive Scrimba tutorial that shows you how to run, edit, and deploy your first Vue app.
    # Quick Start › Creating a Vue Application [/guide/quick-start.html#creating-a-vue-application]
    paragraph| Prerequisites
    list-item| - Familiarity with the command line
    list-item| - Install Node.js version ^22.18.0 || >=24.12.0
    paragraph| In this section we will introduce how to scaffold a Vue Single Page Application on your local machine. The created project will be using a build setup based on Vite and allow us to use Vue Single-File Components (SFCs).
    paragraph| Make sure you have an up-to-date version of Node.js installed and your current working directory is the one where you intend to create a project. Run the following command in your command line (without the $ sign):
    code| $ npm create vue@latest
    code| $ pnpm create vue@latest
    code| # For Yarn (v1+)
    $ yarn create vue

    # For Yarn Modern (v2+)
    $ yarn create vue@latest
      
    # For Yarn ^v4.11
    $ yarn dlx create-vue@latest
    code| $ bun create vue@latest
    paragraph| This command will install and execute create-vue, the official Vue project scaffolding tool. You will be presented with prompts for several optional features such as TypeScript and testing support:
    code| ✔ Project name: … <your-project-name>
    ✔ Add TypeScript? … No / Yes
    ✔ Add JSX Support? … No / Yes
    ✔ Add Vue Router for Single Page Application development? … No / Yes
    ✔ Add Pinia for state management? … No / Yes
    ✔ Add Vitest for Unit testing? … No / Yes
    ✔ Add an End-to-End Testing Solution? … No / Cypress / Nightwatch / Playwright
    ✔ Add ESLint for code quality? … No / Yes
    ✔ Add Prettier for code formatting? … No / Yes
    ✔ Add Vue DevTools 7 extension for debugging? (experimental) … No / Yes

    Scaffolding project in ./<your-project-name>...
    Done.
    paragraph| If you are unsure about an option, simply choose No by hitting enter for now. Once the project is created, follow the instructions to install dependencies and start the dev server:
    code| $ cd {{'<your-project-name>'}}
    $ npm install
    $ npm run dev
    code| $ cd {{'<your-project-name>'}}
    $ pnpm install
    $ pnpm run dev
    code| $ cd {{'<your-project-name>'}}
    $ yarn
    $ yarn dev
    code| $ cd {{'<your-project-name>'}}
    $ bun install
    $ bun run dev"
  `)
})

test('VitePress: badges in headings, code within list items', async () => {
  const shown = await read('api/helpers.md', await fixture('vue-composition-api-helpers.md'), { urls: 'clean' })
  expect(shown).toMatchInlineSnapshot(`
    "# Composition API: Helpers [/api/helpers]
    # Composition API: Helpers › useAttrs() [/api/helpers#useattrs]
    paragraph| Returns the attrs object from the Setup Context, which includes the fallthrough attributes of the current component. This is intended to be used in <script setup> where the setup context object is not available.
    list-item| - Type
    code| function useAttrs(): Record<string, unknown>
    list-item| - Details
    list-item| useModel() can be used in non-SFC components, e.g. when using raw setup() function. It expects the props object as the first argument, and the model name as the second argument. The optional third argument can be used to declare custom getter and setter for the resulting model ref. Note that unlike defineModel(), you are responsible for declaring the props and emits yourself.
    # Composition API: Helpers › useTemplateRef() [/api/helpers#usetemplateref]
    paragraph| Returns a shallow ref whose value will be synced with the template element or component with a matching ref attribute.
    list-item| - Type
    code| function useTemplateRef<T>(key: string): Readonly<ShallowRef<T | null>>
    list-item| - Example
    code| <script setup>
    import { useTemplateRef, onMounted } from 'vue'

    const inputRef = useTemplateRef('input')

    onMounted(() => {
      inputRef.value.focus()
    })
    </script>

    <template>
      <input ref="input" />
    </template>
    list-item| - See also
    list-item| - Guide - Template Refs
    list-item| - Guide - Typing Template Refs
    list-item| - Guide - Typing Component Template Refs
    # Composition API: Helpers › useId() [/api/helpers#useid]
    paragraph| Used to generate unique-per-application IDs for accessibility attributes or form elements.
    list-item| - Type
    code| function useId(): string"
  `)
})

test('VitePress: ids that the generator makes, with its duplicate rule', async () => {
  const shown = await read('reference/badge.md', await fixture('vitepress-badge.md'), { anchors: 'vitepress' })
  expect(shown).toMatchInlineSnapshot(`
    "# Badge [/reference/badge.html]
    paragraph| The badge lets you add status to your headers. For example, it could be useful to specify the section's type, or supported version.
    # Badge › Usage [/reference/badge.html#usage]
    paragraph| You may use the Badge component which is globally available.
    code| ### Title <Badge type="info" text="default" />
    ### Title <Badge type="tip" text="^1.9.0" />
    ### Title <Badge type="warning" text="beta" />
    ### Title <Badge type="danger" text="deprecated" />
    paragraph| Code above renders like:
    # Badge › Usage › Title [/reference/badge.html#title]
    # Badge › Usage › Title [/reference/badge.html#title-1]
    # Badge › Usage › Title [/reference/badge.html#title-2]
    # Badge › Usage › Title [/reference/badge.html#title-3]
    # Badge › Custom Children [/reference/badge.html#custom-children]
    paragraph| <Badge> accept children, which will be displayed in the badge.
    code| ### Title <Badge type="info">custom element</Badge>
    # Badge › Custom Children › Title custom element [/reference/badge.html#title-custom-element]"
  `)
})

test('react.dev: MDX in a .md file, ids as comments, components around text', async () => {
  const shown = await read('reference/react/useRef.md', await fixture('react-useref.md'), { urls: 'clean' })
  expect(shown).toMatchInlineSnapshot(`
    "# useRef [/reference/react/useRef]
    paragraph| useRef is a React Hook that lets you reference a value that's not needed for rendering.
    code| const ref = useRef(initialValue)
    # useRef › Reference [/reference/react/useRef#reference]
    # useRef › Reference › useRef(initialValue) [/reference/react/useRef#useref]
    paragraph| Call useRef at the top level of your component to declare a ref.
    code| import { useRef } from 'react';

    function MyComponent() {
      const intervalRef = useRef(0);
      const inputRef = useRef(null);
      // ...
    paragraph| See more examples below.
    # useRef › Reference › useRef(initialValue) › Parameters [/reference/react/useRef#parameters]
    list-item| - initialValue: The value you want the ref object's current property to be initially. It can be a value of any type. This argument is ignored after the initial render.
    # useRef › Reference › useRef(initialValue) › Returns [/reference/react/useRef#returns]
    paragraph| useRef returns an object with a single property:
    list-item| - current: Initially, it's set to the initialValue you have passed. You can later set it to something else. If you pass the ref object to React as a ref attribute to a JSX node, React will set its current property.
    paragraph| On the next renders, useRef will return the same object.
    # useRef › Usage [/reference/react/useRef#usage]
    # useRef › Usage › Referencing a value with a ref [/reference/react/useRef#referencing-a-value-with-a-ref]
    paragraph| Do not write or read ref.current during rendering.
    paragraph| React expects that the body of your component behaves like a pure function:
    list-item| - If the inputs (props, state, and context) are the same, it should return exactly the same JSX.
    list-item| - Calling it in a different order or with different arguments should not affect the results of other calls.
    paragraph| Reading or writing a ref during rendering breaks these expectations.
    code| function MyComponent() {
      // ...
      // 🚩 Don't write a ref during rendering
      myRef.current = 123;
      // ...
      // 🚩 Don't read a ref during rendering
      return <h1>{myOtherRef.current}</h1>;
    }
    # useRef › Usage › Referencing a value with a ref › Click counter [/reference/react/useRef#click-counter]
    paragraph| This component uses a ref to keep track of how many times the button was clicked. Note that it's okay to use a ref instead of state here because the click count is only read and written in an event handler.
    code| import { useRef } from 'react';

    export default function Counter() {
      let ref = useRef(0);

      function handleClick() {
        ref.current = ref.current + 1;
        alert('You clicked ' + ref.current + ' times!');
      }

      return (
        <button onClick={handleClick}>
          Click me!
        </button>
      );
    }
    # useRef › Usage › Manipulating the DOM with a ref [/reference/react/useRef#manipulating-the-dom-with-a-ref]
    paragraph| It's particularly common to use a ref to manipulate the DOM. React has built-in support for this.
    paragraph| First, declare a ref object with an initial value of null:"
  `)
})

test('Sphinx: chrome left out, a class and its attributes as sections, JSON in <details>', async () => {
  const shown = await read('doc/DriverInfo.html', await fixture('ray-driver-info.html'))
  expect(shown).toMatchInlineSnapshot(`
    "# ray.job_submission.DriverInfo [/doc/DriverInfo.html]
    code| pydantic model ray.job_submission.DriverInfo
    paragraph| A class for recording information about the driver related to the job.
    paragraph| PublicAPI (beta): This API is in beta and may change before becoming stable.
    paragraph| Show JSON schema
    code| {
       "title": "DriverInfo",
       "description": "A class for recording information about the driver related to the job.\\n\\n**PublicAPI (beta):** This API is in beta and may change before becoming stable.",
       "type": "object",
       "properties": {
          "id": {
             "title": "Id",
             "description": "The id of the driver",
             "type": "string"
          },
       },
       "required": [
          "id",
          "node_ip_address",
          "pid"
       ]
    }
    paragraph| Fields
    list-item| - id (str)
    list-item| - node_ip_address (str)
    list-item| - pid (str)
    # ray.job_submission.DriverInfo › id [/doc/DriverInfo.html#ray.job_submission.DriverInfo.id]
    code| field id: str [Required]
    paragraph| The id of the driver
    # ray.job_submission.DriverInfo › node_ip_address [/doc/DriverInfo.html#ray.job_submission.DriverInfo.node_ip_address]
    code| field node_ip_address: str [Required]
    paragraph| The IP address of the node the driver is running on.
    # ray.job_submission.DriverInfo › pid [/doc/DriverInfo.html#ray.job_submission.DriverInfo.pid]
    code| field pid: str [Required]
    paragraph| The PID of the worker process the driver is using."
  `)
})

/**
 * Questions in a person's words that the Vue documentation answers in other words: keywords alone miss half of them.
 * Each was tried against the index: its answer stands first (the comment names it).
 */
export const EXAMPLES: readonly string[] = [
  'scrolling a huge list is slow', // Performance > Virtualize Large Lists
  'clean up a timer when a component goes away', // Options: Lifecycle > unmounted
  'show a dialog on top of everything else', // Teleport > Basic Usage
  'share state between components without passing props', // State Management
  'load a component only when it is needed', // Performance > Code Splitting, then Async Components
  'is it safe to show HTML that a user typed', // Security > HTML Injection
]

/** The control that chooses backends. A choice is part of the page's address, so it reloads the page. */
import { h, icon } from './dom.ts'
import { addressWith, backendName, ENCODERS, SCORERS, type Settings } from './settings.ts'

export function backendsView({ encoder, scorer }: Settings): HTMLElement {
  const isChosen = encoder !== 'auto' || scorer !== 'auto'
  return h(
    'details',
    { class: 'fold', open: isChosen },
    h('summary', {}, 'Backends', icon('chevron', 'm7 10 5 5 5-5')),
    h(
      'div',
      { class: 'selects' },
      select('encoder', 'Encode on', ENCODERS, encoder),
      select('scorer', 'Score on', SCORERS, scorer),
      h('p', { class: 'fold-note' }, 'A choice loads the page again.'),
    ),
  )
}

function select(name: string, label: string, choices: readonly string[], chosen: string): HTMLElement {
  const options = choices.map((choice) =>
    h('option', { value: choice, selected: choice === chosen }, backendName(choice)),
  )
  const element = h('select', { name, 'data-testid': name }, ...options)
  element.addEventListener('change', () => location.assign(addressWith({ [name]: element.value })))
  return h('label', { class: 'select' }, h('span', {}, label), element)
}

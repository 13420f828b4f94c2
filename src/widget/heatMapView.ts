/** How did each token of the query meet each token of the passage? */
import type { Hit } from '../types.ts'
import { h } from './dom.ts'
import type { HeatMap, Strings } from './types.ts'

export function heatMapView(_map: HeatMap, _hit: Hit, strings: Strings): HTMLElement {
  return h('div', { class: 'heat', part: 'heat' }, strings.heatMap)
}

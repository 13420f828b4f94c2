import { memoryStore } from '../../src/store/memory.ts'
import { storeSuite } from './store.suite.ts'

storeSuite('memory', {
  async open() {
    const store = memoryStore()
    return [store, store]
  },
  async remove() {},
})

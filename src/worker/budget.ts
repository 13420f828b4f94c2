/** How much memory vectors may take in this browser. */
import type { Budget } from '../plaid/residency.ts'
import type { MemoryBudget } from './protocol.ts'

/** Of what the device says it has; where it does not say, of 4 GB. */
const SHARE = 1 / 8
const UNKNOWN_GB = 4

export function budgetFor(memory: MemoryBudget | undefined): Budget {
  const { navigator } = globalThis // Node before 21 has none
  const gigabytes = navigator && 'deviceMemory' in navigator ? Number(navigator.deviceMemory) : UNKNOWN_GB
  const bytes = gigabytes * 1e9 * SHARE
  return { gpuBytes: memory?.gpuBytes ?? bytes, cpuBytes: memory?.cpuBytes ?? bytes }
}

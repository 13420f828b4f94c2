/** The numeric kernels, for whoever has them beside: Node, and the writer's worker. The engine's worker fetches choose.ts late. */
import { chooseOps, type OpsOptions } from './choose.ts'
import type { FailoverOps } from './failover.ts'
import { kernelCode } from './kernelCode.ts'

export type { OpsOptions } from './choose.ts'

/** The numeric kernels on the best backend at hand. `ops.refused` tells why others were passed over. */
export function createOps(options: OpsOptions = {}): Promise<FailoverOps> {
  return chooseOps(options, kernelCode)
}

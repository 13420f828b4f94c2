/** The figures as a JSON file: all that was measured, where, and beside what. Written by the tab, fetched by nobody. */
import type { Machine } from './machine.ts'
import type { CommandLine } from './set.ts'
import type { BackendReport } from './types.ts'

export function asJson(
  reports: readonly BackendReport[],
  machine: Machine,
  cli: CommandLine | undefined,
  measuredAt: Date,
): string {
  const { userAgent, cores, adapter, noAdapter } = machine
  const file = {
    measuredAt: measuredAt.toISOString(),
    machine: { userAgent, cores, adapter: adapter ?? null, ...(noAdapter !== undefined && { noAdapter }) },
    selvage: cli?.version ?? null,
    backends: reports.map(({ ways, ...backend }) => ({
      ...backend,
      ways: ways.map(({ answers, ...way }) => ({
        ...way,
        answers: Object.fromEntries([...answers].map(([id, { found }]) => [id, found.map((section) => section.id)])),
      })),
    })),
    commandLine: cli ?? null,
  }
  return `${JSON.stringify(file, undefined, 2)}\n`
}

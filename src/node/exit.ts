/**
 * What a command leaves to the shell: all done, failed, done but with some files left out (each was named), or ended by
 * Ctrl-C, which shells know by this number.
 */
export const EXIT = { ok: 0, failed: 1, incomplete: 2, interrupted: 130 } as const

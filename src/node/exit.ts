/** What a command leaves to the shell: all done, failed, or done but with some files left out (each was named). */
export const EXIT = { ok: 0, failed: 1, incomplete: 2 } as const

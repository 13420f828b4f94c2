/** Code that a page fetches when it is wanted: what to say where it cannot be had. */
import { SelvageError } from '../errors.ts'

/** @param what the code does: "ranks texts". Errors: `download-failed`. */
export function late<Code>(what: string, loading: Promise<Code>): Promise<Code> {
  return loading.catch((cause) => {
    const why = `The code that ${what} could not be loaded (${cause}).`
    throw new SelvageError('download-failed', `${why} Are the library's files served beside each other?`, { cause })
  })
}

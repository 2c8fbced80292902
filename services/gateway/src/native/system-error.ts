import { getSystemErrorName } from 'node:util';

/**
 * The error of a call of the C library, in the form in which Node tells those of its own calls.
 *
 * @param call its name, for people
 * @param result the negated number of the error
 */
export function systemError(call: string, result: number): NodeJS.ErrnoException {
  const code = getSystemErrorName(result);
  return Object.assign(new Error(`${code}: ${call}`), { errno: result, code, syscall: call });
}

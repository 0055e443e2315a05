/** What ends a run before it begins. */

/** The run can't start: one line that names the file and what was expected. Exit code 2. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

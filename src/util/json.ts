/** Reads JSON from servers and programs. */

/** The members of a JSON text; none if it is no object, `undefined` if it is not JSON. */
export function membersOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return undefined;
  }
}

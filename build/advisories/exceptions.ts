/** Advisories that are accepted for a limited time. */
import { array, isoDate, nonEmpty, parse, pipe, strictObject, string } from 'valibot';

const text = pipe(string(), nonEmpty());
const EXCEPTIONS = array(strictObject({ id: text, package: text, reason: text, until: pipe(string(), isoDate()) }));

export interface Exception {
  readonly id: string;
  readonly package: string;
  readonly reason: string;
  /** The last day: `2027-01-31`. */
  readonly until: string;
}

/** @throws if the format of the file is invalid */
export function exceptionsIn(json: string): readonly Exception[] {
  try {
    return parse(EXCEPTIONS, JSON.parse(json));
  } catch (error) {
    throw new Error(`security/advisories.json: ${(error as Error).message}`);
  }
}

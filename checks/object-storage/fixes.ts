/** Ways out that are the same for several stores. */
import { advice, type Fix } from '../../src/outcome/fix.ts';

export const RUN_LATER = advice`run again later`;

export const rename = (what: string, name: string): Fix =>
  advice`rename the ${what}, and the variable that says ${name}`;
export const lookUp = (code: string | undefined, where: string): Fix =>
  advice`look ${code ?? 'the status'} up among ${where}`;

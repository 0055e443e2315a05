/** Fixes that several stores share. */
import { advice, type Fix } from '../../src/outcome/fix.ts';

export const RUN_LATER = advice`run again later`;

export const rename = (what: string, name: string): Fix =>
  advice`rename the ${what}, and update the variable that is set to ${name}`;
export const lookUp = (code: string | undefined, where: string): Fix =>
  advice`look up ${code ?? 'the status'} in ${where}`;

/** Ways out that are the same for several stores. */
import { advice, command, type Fix, sh } from '../../src/outcome/fix.ts';

export const SET_CLOCK = command(sh`timedatectl set-ntp true`, { note: 'set this machine’s clock' });
export const RUN_LATER = advice`run again later`;

export const rename = (what: string, name: string): Fix =>
  advice`rename the ${what}, and the variable that says ${name}`;
export const lookUp = (code: string | undefined, where: string): Fix =>
  advice`look ${code ?? 'the status'} up among ${where}`;

/** Fixes that every cloud shares. */
import { command, sh } from '../outcome/fix.ts';

export const SET_CLOCK = command(sh`timedatectl set-ntp true`, { note: 'set this machine’s clock' });

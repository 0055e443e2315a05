/** Installs the clients before the first test: one that can't be had fails them all. */
import { install } from '../peers/install.ts';
import { CLIENTS } from './catalog.ts';

/** Called by the test runner once, before all tests. */
export const setup = (): Promise<void> => install(CLIENTS);

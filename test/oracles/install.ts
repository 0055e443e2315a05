/** Builds every oracle before the first test: an oracle that can't be built fails them all. */
import { install } from '../peers/install.ts';
import { ORACLES } from './catalog.ts';

/** Called by the test runner once, before all tests. */
export const setup = (): Promise<void> => install(ORACLES);

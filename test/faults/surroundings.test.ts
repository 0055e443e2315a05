import { describeFaults } from './harness.ts';
import { SURROUNDINGS } from './surroundings.ts';

describeFaults(SURROUNDINGS);

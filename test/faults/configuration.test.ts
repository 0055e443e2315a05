import { CONFIGURATION } from './configuration.ts';
import { describeFaults } from './harness.ts';

describeFaults(CONFIGURATION);

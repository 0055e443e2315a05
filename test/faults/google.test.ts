import { GOOGLE } from './google.ts';
import { describeFaults } from './harness.ts';

describeFaults(GOOGLE);

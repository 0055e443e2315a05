import { describeFaults } from './harness.ts';
import { PLANS } from './plans.ts';

describeFaults(PLANS);

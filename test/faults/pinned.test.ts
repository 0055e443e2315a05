import { describeFaults } from './harness.ts';
import { PINNED } from './pinned.ts';

describeFaults(PINNED);

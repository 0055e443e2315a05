import { AZURE } from './azure.ts';
import { describeFaults } from './harness.ts';

describeFaults(AZURE);

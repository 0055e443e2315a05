import { DATABASE } from './database.ts';
import { describeFaults } from './harness.ts';

describeFaults(DATABASE);

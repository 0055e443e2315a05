import { ENDPOINTS } from './endpoints.ts';
import { describeFaults } from './harness.ts';

describeFaults(ENDPOINTS);

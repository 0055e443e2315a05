import { AWS } from './aws/index.ts';
import { describeFaults } from './harness.ts';

describeFaults(AWS);

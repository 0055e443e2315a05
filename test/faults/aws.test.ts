import { AWS } from './aws.ts';
import { describeFaults } from './harness.ts';

describeFaults(AWS);

/** Fixes for AWS, as its CLI (version 1, the one that PyPI has) executes them. */
import { afterAll } from 'vitest';
import { AWS } from '../faults/aws/index.ts';
import { describeFaults } from '../faults/harness.ts';
import { hasFix, trueClients } from './clients.ts';

const clients = trueClients();
afterAll(clients.remove);

describeFaults(AWS.filter(hasFix), clients);

/** Fixes that their true clients execute as printed: psql, the AWS CLI (version 1, the one that PyPI has) and `mc`. */
import { afterAll } from 'vitest';
import { AWS } from '../faults/aws/index.ts';
import { DATABASE } from '../faults/database.ts';
import { describeFaults } from '../faults/harness.ts';
import { MINIO } from '../faults/minio.ts';
import { trueClients } from './clients.ts';

const clients = trueClients();
afterAll(clients.remove);

describeFaults([...DATABASE, ...AWS, ...MINIO], clients);

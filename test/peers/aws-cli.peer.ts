/** Fixes for AWS and MinIO, as the AWS CLI (version 1, the one that PyPI has) and `mc` execute them. */
import { afterAll } from 'vitest';
import { AWS } from '../faults/aws/index.ts';
import { describeFaults } from '../faults/harness.ts';
import { MINIO } from '../faults/minio.ts';
import { hasFix, trueClients } from './clients.ts';

const clients = trueClients();
afterAll(clients.remove);

describeFaults([...AWS, ...MINIO].filter(hasFix), clients);

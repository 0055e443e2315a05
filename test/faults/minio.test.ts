import { describeFaults } from './harness.ts';
import { MINIO } from './minio.ts';

describeFaults(MINIO);

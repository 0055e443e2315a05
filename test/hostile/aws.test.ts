import { tryDependencies } from './hostile.ts';

tryDependencies(/^(S3|KMS|SQS|STS|IoT)/);

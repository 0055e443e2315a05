import { tryDependencies } from './hostile.ts';

tryDependencies(/^(PostgreSQL|MinIO|the (MQTT|webhooks|VCS|public|container|token))/);

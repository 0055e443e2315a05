/** `npm run test:servers`: has everything ready that the tests of peers and cluster start, so that both can run at once. */
import { PARTS } from './cluster/parts.ts';
import { PEERS } from './peers/catalog.ts';
import { install } from './peers/install.ts';

await install(PEERS);
await install(PARTS);

/** Fixes in SQL, as the true psql executes them. */
import { afterAll } from 'vitest';
import { DATABASE } from '../faults/database.ts';
import { describeFaults } from '../faults/harness.ts';
import { hasFix, trueClients } from './clients.ts';

const clients = trueClients();
afterAll(clients.remove);

describeFaults(DATABASE.filter(hasFix), clients);

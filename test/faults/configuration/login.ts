/** The admin login, which the first person needs. */
import { config } from '../arrange.ts';
import type { Arrange, Fault } from '../fault.ts';

const without: Arrange = config(() => ({ ADMIN_USERNAME: '', ADMIN_PASSWORD: '' }));

export const LOGIN: readonly Fault[] = [
  {
    name: 'no admin login',
    arrange: without,
    warn: ['login/admin'],
    says: /^there is no admin login, so nobody can create the account$/m,
  },
  {
    name: 'no admin login at the server',
    as: 'server',
    arrange: without,
    warn: ['login/admin'],
    says: /^there is no admin login, so nobody can create the account$/m,
    leaves: true,
  },
  { name: 'no admin login at the drain', as: 'drain', arrange: without, leaves: true },
  {
    name: 'no admin login after installation',
    arrange: without,
    options: { phase: 'post-install', skip: ['network/*', 'object-storage/*'] },
  },
];

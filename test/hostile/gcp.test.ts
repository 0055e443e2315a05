import { tryDependencies } from './hostile.ts';

tryDependencies(/^(Cloud|Google)/);

import { tryDependencies } from './hostile.ts';

tryDependencies(/^(Azure|the proxy)/);

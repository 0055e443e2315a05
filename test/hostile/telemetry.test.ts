import { tryDependencies } from './hostile.ts';

tryDependencies(/^the (Open|Datadog|X-Ray)/);

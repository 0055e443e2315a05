/** The names and labels of what a run creates: `cleanup` finds it by them, whoever made it. */
import { randomBytes } from 'node:crypto';
import type { Perspective } from '../config/options.ts';

export const PREFIX = 'spacelift-preflight';
/** On everything that a run creates; the value is the run's ID. */
export const RUN_LABEL = `${PREFIX}/run`;
export const SERVICE_LABEL = `${PREFIX}/service`;
/** On the Job: when the run has ended at the latest, ISO 8601. */
export const ENDS_BY = `${PREFIX}/ends-by`;
/** On a Pod: CA certificates, for a downward API volume. */
export const AUTHORITIES = `${PREFIX}/ca-certificates`;
/** A condition that nobody sets: the Pod never gets traffic. */
export const NEVER_READY = `${PREFIX}/never-ready`;

export const newRunId = (): string => randomBytes(4).toString('hex');

export const jobName = (run: string): string => `${PREFIX}-${run}`;
export const podName = (run: string, service: Perspective): string => `${PREFIX}-${run}-${service}`;

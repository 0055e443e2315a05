/** The region to which the installation fails over. */
import type { Deployment } from './deployment.ts';

/** Whether the installation can fail over; the first region itself is reported under `configuration`. */
export function usesSecondaryRegion({ lookup }: Pick<Deployment, 'lookup'>): boolean {
  const [first, second] = [lookup('AWS_REGION'), lookup('AWS_SECONDARY_REGION')];
  if (second.state === 'unset') return false;
  return !(first.state === 'set' && second.state === 'set' && first.value === second.value);
}

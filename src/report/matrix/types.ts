/** The reports of several services, merged; the source of the types is `schema.ts`. */
import type { Perspective } from '../../config/options.ts';
import type { Report } from '../types.ts';
import type { Fact, LostRun } from './schema.ts';

export type {
  Difference,
  Fact,
  LostRun,
  Matrix,
  MatrixCell,
  MatrixCheck,
  MatrixEntry,
  MatrixFinding,
  MatrixRun,
  Told,
} from './schema.ts';

interface RunOfService {
  readonly service: Perspective;
  readonly facts?: readonly Fact[];
}

/** What came of a service's run. */
export type ServiceRun = RunOfService & ({ readonly report: Report } | { readonly lost: LostRun });

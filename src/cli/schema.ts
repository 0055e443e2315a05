/** `schema`: the JSON Schema of the JSON report, of another document, or of a decisions file. */
import { CHECKS } from '../app/checks.ts';
import { decisionsSchema } from '../app/decisions/schema.ts';
import type { Check } from '../engine/check.ts';
import { comparisonSchema, type JsonSchema, matrixSchema, reportSchema } from '../report/json-schema.ts';
import type { DocumentName } from './options.ts';
import { print } from './print.ts';

const SCHEMAS: Readonly<Record<DocumentName, (checks: readonly Check[]) => JsonSchema>> = {
  report: reportSchema,
  matrix: matrixSchema,
  comparison: comparisonSchema,
  decisions: decisionsSchema,
};

export const schema = (host: NodeJS.Process, document: DocumentName): Promise<void> =>
  print(host, `${JSON.stringify(SCHEMAS[document](CHECKS), null, 2)}\n`, 'json');

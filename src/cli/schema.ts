/** `schema`: the JSON Schema of the JSON report. */
import { CHECKS } from '../app/checks.ts';
import { reportSchema } from '../report/schema.ts';
import { print } from './print.ts';

export const schema = (host: NodeJS.Process): Promise<void> =>
  print(host, `${JSON.stringify(reportSchema(CHECKS), null, 2)}\n`, 'json');

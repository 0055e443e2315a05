import { expect, it } from 'vitest';
import { renderJson } from '../../src/report/json.ts';
import { sampleReport } from './sample.ts';

it('is the report, as one document that ends in a line break', async () => {
  const report = await sampleReport();
  const text = renderJson(report);
  expect(JSON.parse(text)).toStrictEqual(report);
  expect(text.endsWith('}\n')).toBe(true);
});

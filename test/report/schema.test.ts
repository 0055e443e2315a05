import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../checks/index.ts';
import { idsOf } from '../../src/engine/check.ts';
import { comparisonSchema, matrixSchema, reportSchema } from '../../src/report/json-schema.ts';
import { command } from '../cli/host.ts';
import { expectValid } from '../support/valid.ts';
import { sampleReport } from './sample.ts';

const file = new URL('../../schemas/report.schema.json', import.meta.url);
const matrixFile = new URL('../../schemas/matrix.schema.json', import.meta.url);
const comparisonFile = new URL('../../schemas/comparison.schema.json', import.meta.url);

describe('the schema', () => {
  it('that is published is the one of the code: npm run schema writes it', async () => {
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(reportSchema(CHECKS));
    expect(JSON.parse(await readFile(matrixFile, 'utf8'))).toEqual(matrixSchema(CHECKS));
    expect(JSON.parse(await readFile(comparisonFile, 'utf8'))).toEqual(comparisonSchema());
  });

  it('is what `schema` prints, in the form of the file', async () => {
    const { code, stdout, stderr } = await command(['schema']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(await readFile(file, 'utf8'));
    const matrix = await command(['schema', 'matrix']);
    expect(matrix).toMatchObject({ code: 0, stderr: '', stdout: await readFile(matrixFile, 'utf8') });
    const comparison = await command(['schema', 'comparison']);
    expect(comparison).toMatchObject({ code: 0, stderr: '', stdout: await readFile(comparisonFile, 'utf8') });
  });

  it('is a valid one, and has every id that a finding can have', () => {
    const ajv = new Ajv2020({ strict: true, formats: { 'date-time': true, uri: true } });
    expect(ajv.validateSchema(reportSchema(CHECKS))).toBe(true);
    const schema = JSON.parse(JSON.stringify(reportSchema(CHECKS)));
    const { findings } = schema.properties.checks.items.properties;
    expect(findings.items.properties.id).toEqual({ $ref: '#/$defs/findingId' });
    const [rules, variables] = schema.$defs.findingId.anyOf;
    expect(rules.enum).toEqual(CHECKS.flatMap(idsOf));
    for (const id of [
      'configuration/value[SERVER_DOMAIN]',
      'configuration/unknown[A%20B]',
      'configuration/short-lived[X]',
    ])
      expect(id).toMatch(new RegExp(variables.pattern));
    for (const id of [
      'configuration/region[X]',
      'database/version[X]',
      'configuration/value[]',
      'x/configuration/value[X]',
    ])
      expect(id).not.toMatch(new RegExp(variables.pattern));
  });

  it.each<[string, (report: Record<string, unknown>) => void]>([
    ['a field that is missing', (report) => delete report.verdict],
    ['a verdict that there is not', (report) => Object.assign(report, { verdict: 'maybe' })],
    ['another version', (report) => Object.assign(report, { schemaVersion: 2 })],
    ['a field that nothing says a word about', (report) => Object.assign(report, { mood: 'good' })],
    ['a time that is none', (report) => Object.assign(report, { startedAt: '2026-01-02 03:04' })],
    ['a duration in parts of a millisecond', (report) => Object.assign(report, { durationMs: 1.5 })],
  ])('refuses %s', async (_, spoil) => {
    const report = { ...(await sampleReport()), checks: [] };
    expectValid(report);
    spoil(report as unknown as Record<string, unknown>);
    expect(() => expectValid(report)).toThrow('not valid');
  });

  it('allows fields that a later version adds', async () => {
    const ajv = new Ajv2020({ formats: { 'date-time': true, uri: true } });
    const validate = ajv.compile(reportSchema(CHECKS));
    expect(validate({ ...(await sampleReport()), checks: [], later: true })).toBe(true);
  });
});

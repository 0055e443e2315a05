/** Holds reports against the published schema, with a validator that others wrote. */
import { Ajv2020, type AnySchema, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import { CHECKS } from '../../checks/index.ts';
import { type Check, idsOf } from '../../src/engine/check.ts';
import type { Comparison } from '../../src/report/comparison/types.ts';
import { comparisonSchema, type JsonSchema, matrixSchema, reportSchema } from '../../src/report/json-schema.ts';
import type { Matrix } from '../../src/report/matrix/types.ts';
import type { Report } from '../../src/report/report.ts';

/** By the ids that a report may have. */
const compiled = new Map<string, ValidateFunction>();

/**
 * The published schema allows fields that a later version may add; a test does not.
 * @param some the checks whose ids the report may have
 */
export function expectValid(report: Report, some: readonly Check[] = CHECKS): Report {
  const checks = some.every((check) => CHECKS.includes(check)) ? CHECKS : some;
  const ids = JSON.stringify(checks.map((check) => [check.id, idsOf(check)]));
  const validate = compiled.get(ids) ?? compile(reportSchema(checks));
  compiled.set(ids, validate);
  return expectForm(report, validate);
}

let matrixForm: ValidateFunction | undefined;

/** The same for merged reports, whose findings have the IDs of real checks. */
export function expectValidMatrix(matrix: Matrix): Matrix {
  matrixForm ??= compile(matrixSchema(CHECKS));
  return expectForm(matrix, matrixForm);
}

let comparisonForm: ValidateFunction | undefined;

export function expectValidComparison(comparison: Comparison): Comparison {
  comparisonForm ??= compile(comparisonSchema());
  return expectForm(comparison, comparisonForm);
}

function expectForm<T>(value: T, validate: ValidateFunction): T {
  const valid = validate(JSON.parse(JSON.stringify(value)));
  expect(validate.errors ?? [], 'a document that is not valid').toEqual([]);
  expect(valid).toBe(true);
  return value;
}

function compile(schema: JsonSchema): ValidateFunction {
  const ajv = new Ajv2020({ allErrors: true, formats: { 'date-time': isDate, uri: URL.canParse } });
  return ajv.compile(closed(schema) as AnySchema);
}

const isDate = (text: string): boolean => new Date(text).toISOString() === text;

/** Every object of the schema, closed to fields that it does not name. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inside = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return 'properties' in inside ? { ...inside, additionalProperties: false } : inside;
}

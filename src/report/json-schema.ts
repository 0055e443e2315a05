/** The JSON Schemas that are published: `schema` prints them, and they are saved in `schemas`. */
import { type ConversionConfig, toJsonSchema } from '@valibot/to-json-schema';
import type { GenericSchema } from 'valibot';
import { type Check, idsOf, perVariable } from '../engine/check.ts';
import { COMPARISON } from './comparison/schema.ts';
import {
  COMPARISON_KIND,
  COMPARISON_VERSION,
  MATRIX_KIND,
  MATRIX_VERSION,
  REPORT_KIND,
  SCHEMA_VERSION,
} from './kinds.ts';
import { MATRIX } from './matrix/schema.ts';
import { CHECK_ID, FINDING_ID, REPORT } from './schema.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** The IDs are those of this version's rules; new rules add new ones. */
export const reportSchema = (checks: readonly Check[]): JsonSchema => ({
  ...named('The report of spacelift-preflight', REPORT_KIND, SCHEMA_VERSION),
  ...withIds(REPORT, checks),
});

/** The IDs are those of this version's rules; new rules add new ones. */
export const matrixSchema = (checks: readonly Check[]): JsonSchema => ({
  ...named('The merged reports of spacelift-preflight for several services', MATRIX_KIND, MATRIX_VERSION),
  ...withIds(MATRIX, checks),
});

export const comparisonSchema = (): JsonSchema => ({
  ...named('What changed between two reports of spacelift-preflight', COMPARISON_KIND, COMPARISON_VERSION),
  ...converted(COMPARISON),
});

const named = (title: string, kind: string, version: number): JsonSchema => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: `urn:spacelift-preflight:${kind}:${version}`,
  title,
});

/** What only reading needs: its limits are those of JavaScript, or are also said by a format. */
const UNSAID = ['finite', 'safe_integer', 'check'];

function converted(schema: GenericSchema, definitions?: ConversionConfig['definitions']): JsonSchema {
  return toJsonSchema(schema, {
    target: 'draft-2020-12',
    typeMode: 'output',
    ignoreActions: UNSAID,
    ...(definitions && { definitions }),
  }) as JsonSchema;
}

/** With the IDs of this version, instead of what is read. */
function withIds(schema: GenericSchema, checks: readonly Check[]): JsonSchema {
  const { $defs, ...rest } = converted(schema, { checkId: CHECK_ID, findingId: FINDING_ID });
  const { findingId } = $defs as { readonly findingId: JsonSchema };
  const ids = checks.flatMap(idsOf);
  return {
    ...rest,
    $defs: {
      checkId: { type: 'string', enum: checks.map(({ id }) => id) },
      findingId: {
        type: 'string',
        description: findingId.description,
        anyOf: [{ enum: ids }, { pattern: patternOf(ids.filter(perVariable(checks))) }],
      },
    },
  };
}

/** `configuration/value[SERVER_DOMAIN]` */
const patternOf = (ids: readonly string[]): string => `^(${ids.join('|')})\\[[^\\[\\]]+\\]$`;

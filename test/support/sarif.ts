/** Holds SARIF against the schema of OASIS (oasis-tcs/sarif-spec, sarif-2.1/schema), with a validator that others wrote. */
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect } from 'vitest';

const SCHEMA = JSON.parse(readFileSync(new URL('../report/sarif-2.1.0.schema.json', import.meta.url), 'utf8'));
/** Nothing in it differs between its draft 04 of JSON Schema and the validator's draft 07, but the names of these two. */
const { $schema: _, id: __, ...schema } = SCHEMA;

const isDate = (text: string): boolean => new Date(text).toISOString() === text;
const isReference = (text: string): boolean => URL.canParse(text, 'https://example.org/');
const validate = new Ajv({
  strict: false,
  allErrors: true,
  formats: { 'date-time': isDate, uri: URL.canParse, 'uri-reference': isReference },
}).compile(schema);

export interface SarifResult {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly level: string;
  readonly message: { readonly text: string };
  readonly locations?: readonly {
    readonly physicalLocation?: {
      readonly artifactLocation: { readonly uri: string; readonly uriBaseId?: string };
      readonly region: { readonly startLine: number };
    };
    readonly logicalLocations: readonly { readonly name: string; readonly kind: string }[];
  }[];
  readonly partialFingerprints: Readonly<Record<string, string>>;
  readonly suppressions: readonly { readonly justification: string }[];
}

export interface SarifRun {
  readonly tool: {
    readonly driver: { readonly rules: readonly { readonly id: string; readonly help?: { readonly text: string } }[] };
  };
  readonly automationDetails: { readonly id: string };
  readonly invocations: readonly {
    readonly executionSuccessful: boolean;
    readonly toolExecutionNotifications: readonly { readonly message: { readonly text: string } }[];
  }[];
  readonly results: readonly SarifResult[];
}

/** The run in a valid document. */
export function sarifRun(text: string): SarifRun {
  const document = JSON.parse(text);
  expect(validate(document), 'whether the document is valid').toBe(true);
  expect(validate.errors).toBeNull();
  return document.runs[0];
}

export const isSarif = (document: unknown): boolean => validate(document);

/** The Helm chart, as far as it can be checked without Helm: what it says of itself, and what it repeats of the sources. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv, type ErrorObject } from 'ajv';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { isMap, isScalar, type Pair, parse, parseDocument, type YAMLMap } from 'yaml';
import { mapIn, textIn } from '../../src/cluster/objects.ts';
import { resourcesIn } from '../../src/cluster/resources.ts';
import { DEFAULTS, PHASES, SERVICES } from '../../src/config/options.ts';
import { parseRelease } from '../../src/config/release.ts';
import { FORMAT_NAMES } from '../../src/report/format-names.ts';
import type { JsonMap } from '../../src/util/json.ts';
import { VERSION } from '../../src/util/version.ts';
import { givenUpIn, withoutCode } from '../support/language.ts';

const CHART = join(import.meta.dirname, '../../charts/spacelift-preflight');
const read = (path: string): Promise<string> => readFile(join(CHART, path), 'utf8');

interface Values extends JsonMap {
  readonly options: { readonly timeout: number };
  readonly activeDeadlineSeconds: number;
  readonly hook: { readonly activeDeadlineSeconds: number };
}

let text: string;
let readme: string;
let values: Values;
let schema: JsonMap;
beforeAll(async () => {
  [text, readme, schema] = await Promise.all([
    read('values.yaml'),
    read('README.md'),
    read('values.schema.json').then((json) => JSON.parse(json)),
  ]);
  values = parse(text);
});

/** What the schema says of values that differ from the defaults in this. */
function errorsOf(change: (changed: Record<string, never>) => void): string[] {
  const changed = structuredClone(values) as unknown as Record<string, never>;
  change(changed);
  const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });
  const validate = ajv.compile(schema);
  return validate(changed) ? [] : (validate.errors ?? []).map((error: ErrorObject) => error.instancePath);
}

describe('values.schema.json', () => {
  it('accepts values.yaml, and the values of a parent chart', () => {
    expect(errorsOf(() => {})).toEqual([]);
    expect(errorsOf((changed) => Object.assign(changed, { global: { imageRegistry: 'x' } }))).toEqual([]);
  });

  it('rejects a key that is misspelled, at each level', () => {
    const objects = objectsIn(values);
    expect(objects.length).toBeGreaterThan(20);
    for (const path of objects) {
      const wrong = errorsOf((changed) => {
        let at: Record<string, unknown> = changed;
        for (const key of path) at = at[key] as Record<string, unknown>;
        at.imagePullSecret = {};
      });
      expect(wrong, path.join('.')).not.toEqual([]);
    }
  });

  it('has the formats, phases and releases of the command line', () => {
    const values = mapIn(schema, 'properties');
    const options = mapIn(mapIn(values, 'options'), 'properties');
    const release = new RegExp(textIn(mapIn(options, 'release'), 'pattern') ?? '');
    expect(mapIn(values, 'format').enum).toEqual([...FORMAT_NAMES]);
    expect(mapIn(options, 'phase').enum).toEqual([...PHASES]);
    for (const version of ['4.3.0', 'v4.3.0', '4.3.0-rc.1', '4.3', 'latest', 'v4.3.0@sha256:0']) {
      expect(release.test(version), version).toBe(parseRelease(version) !== undefined);
    }
  });
});

/** The paths of all objects of the values, but of those whose keys are anybody's. */
function objectsIn(value: JsonMap, path: readonly string[] = []): (readonly string[])[] {
  const inside = Object.entries(value).flatMap(([key, part]) =>
    typeof part === 'object' && part !== null && !Array.isArray(part) && !ANY_KEYS.test(key)
      ? objectsIn(part as JsonMap, [...path, key])
      : [],
  );
  return [path, ...inside];
}
const ANY_KEYS = /^(podLabels|podAnnotations|nodeSelector|annotations|accept)$/;

describe('the values', () => {
  it('are those of the sources', () => {
    expect(values.resources).toEqual(resourcesIn(undefined));
    expect(values.options.timeout).toBe(DEFAULTS.timeoutMs / 1000);
    const keys = SERVICES.map((service) => service.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()));
    expect(Object.keys(values)).toEqual(expect.arrayContaining(keys));
  });

  it('give a run the time that it may take, a Job more than its Pod, and Helm more than a Job', () => {
    const limits = [values.options.timeout, values.activeDeadlineSeconds, values.hook.activeDeadlineSeconds, 300];
    expect(limits).toEqual(limits.toSorted((a, b) => a - b));
    expect(new Set(limits).size).toBe(limits.length);
  });

  it('have a comment each', () => {
    const root = parseDocument(text).contents as YAMLMap;
    const without = uncommented(root).filter((path) => !/^(drain|scheduler|vcsGateway)\./.test(path));
    expect(without).toEqual([]);
  });

  it('are in the README, with the defaults that differ from nothing', () => {
    const documented = new Set([...readme.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, path]) => path));
    const leaves = leavesOf(values).map((path) => path.replace(/^(drain|scheduler|vcsGateway)\./, 'server.'));
    expect([...documented].toSorted()).toEqual([...new Set(leaves)].toSorted());
    for (const limit of [values.options.timeout, values.activeDeadlineSeconds, values.hook.activeDeadlineSeconds])
      expect(readme).toMatch(new RegExp(`\\| ${limit} \\|$`, 'm'));
  });
});

/** The paths of what has no comment, above it or above all of its siblings. */
function uncommented(map: YAMLMap, path = '', above = true): string[] {
  return (map.items as Pair[]).flatMap(({ key, value }, index): string[] => {
    if (!isScalar(key)) return [];
    const own = `${path}${key.value}`;
    const comment = key.commentBefore ?? (index === 0 ? map.commentBefore : undefined);
    const isDescribed = comment !== undefined && comment !== null;
    if (isMap(value) && value.items.length > 0 && !ENDS.test(own)) return uncommented(value, `${own}.`, isDescribed);
    return isDescribed || (above && map.items.length === 1) ? [] : [own];
  });
}
/** Values that are documented as a whole. */
const ENDS = /(^|\.)(resources|podAnnotations)$/;

const leavesOf = (value: JsonMap, path = ''): string[] =>
  Object.entries(value).flatMap(([key, part]) => {
    const own = `${path}${key}`;
    const isObject = typeof part === 'object' && part !== null && !Array.isArray(part) && Object.keys(part).length > 0;
    return isObject && !ENDS.test(own) ? leavesOf(part as JsonMap, `${own}.`) : [own];
  });

test('the chart is for the image of this version', async () => {
  expect(parse(await read('Chart.yaml'))).toMatchObject({ apiVersion: 'v2', version: VERSION, appVersion: VERSION });
  expect(readme).toContain(`version: ${VERSION}`);
});

test.each(['README.md', 'values.yaml', 'templates/NOTES.txt', 'templates/_helpers.tpl', 'templates/hook-jobs.yaml'])(
  '%s keeps to the glossary',
  async (path) => {
    expect(givenUpIn(withoutCode(await read(path)))).toEqual([]);
  },
);

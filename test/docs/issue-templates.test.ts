/** The templates for issues have the form that GitHub requires (Syntax for GitHub's form schema), and ask for the report. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, it, test } from 'vitest';
import { ROOT, readYaml } from '../ci/runner.ts';

const FOLDER = '.github/ISSUE_TEMPLATE';
const FORMS = readdirSync(join(ROOT, FOLDER)).filter((name) => name !== 'config.yml');

const text = v.pipe(v.string(), v.trim(), v.nonEmpty());
const id = v.pipe(v.string(), v.regex(/^[\w-]+$/));
const validations = v.optional(v.strictObject({ required: v.boolean() }));
const about = { label: text, description: v.optional(text) };
const field = v.variant('type', [
  v.strictObject({ type: v.literal('markdown'), attributes: v.strictObject({ value: text }) }),
  v.strictObject({ type: v.literal('input'), id, attributes: v.strictObject(about), validations }),
  v.strictObject({
    type: v.literal('textarea'),
    id,
    attributes: v.strictObject({ ...about, render: v.optional(text) }),
    validations,
  }),
  v.strictObject({
    type: v.literal('dropdown'),
    id,
    attributes: v.strictObject({ ...about, options: v.pipe(v.array(text), v.minLength(2)) }),
    validations,
  }),
]);
const form = v.strictObject({ name: text, description: text, labels: v.array(text), body: v.array(field) });
const chooser = v.strictObject({
  blank_issues_enabled: v.boolean(),
  contact_links: v.array(v.strictObject({ name: text, url: v.pipe(v.string(), v.url()), about: text })),
});

describe.each(FORMS)('%s', (name) => {
  it('is a form', async () => {
    const { body } = v.parse(form, await readYaml(`${FOLDER}/${name}`));
    const fields = body.filter((one) => one.type !== 'markdown');
    expect(new Set(fields.map((one) => one.id)).size).toBe(fields.length);
    expect(new Set(fields.map(({ attributes }) => attributes.label)).size).toBe(fields.length);
  });

  it('asks for the JSON report, and says what is in it', async () => {
    const { body } = v.parse(form, await readYaml(`${FOLDER}/${name}`));
    const report = body.find((one) => one.type !== 'markdown' && one.id === 'report');
    expect(report?.attributes).toMatchObject({
      description: expect.stringMatching(/-o json[\s\S]*no secrets[\s\S]*names of hosts, buckets/),
    });
  });
});

test('there are both kinds', () => {
  expect(FORMS.toSorted()).toEqual(['bug_report.yml', 'wrong_finding.yml']);
});

test('config.yml offers nothing but the forms', async () => {
  expect(v.parse(chooser, await readYaml(`${FOLDER}/config.yml`)).blank_issues_enabled).toBe(false);
});

/** The HTML report: one page that needs nothing else, and shows what was found. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fail, pass, skip, warn } from '../../src/outcome/outcome.ts';
import { compare } from '../../src/report/comparison/compare.ts';
import { renderFixes } from '../../src/report/fixes.ts';
import { timeline } from '../../src/report/html/timeline.ts';
import { verdictOf } from '../../src/report/phrases.ts';
import type { Report, ReportCheck } from '../../src/report/report.ts';
import { PLAIN } from '../../src/report/style.ts';
import { expectLinear } from '../support/growth.ts';
import { HOSTILE, hostileReport } from './hostile.ts';
import { having, named, pageOf, render } from './html-page.ts';
import { manyFailures } from './many.ts';
import { attribute, below, type Element, textOf, withClass } from './page.ts';
import { sampleReport } from './sample.ts';

const sha256 = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** A failure whose fix can't be pasted. */
const prose = (id: string) => ({ id, status: 'fail', fix: `ask whoever owns ${id}`, fixKind: 'advice' }) as const;

describe('the page', () => {
  it('draws the timeline in time that grows with the findings', async () => {
    const report = await having();
    const [check] = report.checks;
    if (check === undefined) throw new Error('an empty report');
    const [short, long] = [6_000, 48_000].map((count) => {
      const findings = Array.from({ length: count }, (_, index) => {
        const id = `a/b${index}`;
        return { id, status: 'fail', title: id, detail: '', startMs: index, durationMs: 1, evidence: {} } as const;
      });
      return { ...report, checks: [{ ...check, findings }] };
    });
    await expectLinear((size) => timeline((size === 6_000 ? short : long) ?? report), 6_000);
  });

  it('loads nothing, and runs nothing but its own', async () => {
    const page = pageOf(await sampleReport());
    const [style, script] = ['style', 'script'].map((tag) => named(page, tag).map(textOf));
    expect([style?.length, script?.length]).toEqual([1, 1]);
    const policy = named(page, 'meta').find((meta) => attribute(meta, 'http-equiv') === 'Content-Security-Policy');
    expect(policy && attribute(policy, 'content')?.split('; ')).toEqual([
      "default-src 'none'",
      `style-src ${sha256(style?.[0] ?? '')}`,
      `script-src ${sha256(script?.[0] ?? '')}`,
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    expect(style?.[0]).not.toMatch(/url\(|@import/);
    const attributes = page.flatMap(({ attrs }) => attrs);
    expect(attributes.filter(({ name }) => /^(style|src|srcset|on.*|action|data)$/.test(name))).toEqual([]);
    const targets = attributes.filter(({ name }) => name === 'href').map(({ value }) => value);
    for (const target of targets) expect(target).toMatch(/^(#|https:\/\/docs\.spacelift\.io\/)/);
  });

  it('has the landmarks, headings without gaps, and ids of which each is there once', async () => {
    const page = pageOf(await sampleReport());
    for (const tag of ['header', 'main', 'footer', 'search', 'h1']) expect(named(page, tag)).toHaveLength(1);
    expect(named(page, 'html').map((root) => attribute(root, 'lang'))).toEqual(['en']);
    const levels = page.flatMap(({ tagName }) => /^h(\d)$/.exec(tagName)?.[1] ?? []).map(Number);
    expect(levels[0]).toBe(1);
    for (const [index, level] of levels.entries()) expect(level - (levels[index - 1] ?? 0)).toBeLessThanOrEqual(1);
    const ids = page.flatMap((element) => attribute(element, 'id') ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    const links = page.flatMap((element) => attribute(element, 'href') ?? []).filter((href) => href.startsWith('#'));
    expect(links.length).toBeGreaterThan(10);
    for (const link of links) expect(ids).toContain(link.slice(1));
    for (const section of named(page, 'section')) expect(ids).toContain(attribute(section, 'aria-labelledby'));
  });

  it('says the verdict first, and what it counts', async () => {
    const report = await sampleReport();
    const [header] = named(pageOf(report), 'header');
    expect(textOf(header).replace(/\s+/g, ' ')).toContain(
      'Spacelift preflight not ready 3 failed, 1 warning, 11 passed, 11 skipped in 0.6 s started2026-01-02 03:04:05 UTC',
    );
    const interrupted = { ...report, interrupted: true };
    const [title] = named(pageOf(interrupted), 'title');
    expect(textOf(title)).toBe(`${verdictOf(interrupted).words}: spacelift-preflight`);
  });

  it('says of which config it is, and how it ran', async () => {
    const report = await sampleReport({ host: 'pod-1', phaseReason: 'from --phase' });
    const of = (more: Partial<Report>) =>
      textOf(named(pageOf({ ...report, ...more }), 'header')[0]).replace(/\s+/g, ' ');
    const configFiles = ['a.env', 'b.env', 'c.env', 'd.env', 'e.env'];
    expect(of({ configFiles, domain: 'spacelift.example.org', from: 'outside', readOnly: true })).toContain(
      'UTCdomainspacelift.example.orgconfiga.env, b.env, c.env, d.env, …hostpod-1fromoutside Spacelift’s networkwritesnothing (--read-only)phasepre-install: from --phaseservice',
    );
    expect(of({})).toContain('UTCconfigthe environmenthostpod-1frominside Spacelift’s networkphasepre-install');
    const { configFiles: _, from: __, readOnly: ___, host: ____, phaseReason: _____, ...earlier } = report;
    expect(textOf(named(pageOf(earlier), 'header')[0]).replace(/\s+/g, ' ')).toContain('UTCphasepre-installservice');
  });

  it('lists what to fix in order, each with its fix to copy', async () => {
    const report = await sampleReport({ accept: new Map([['database/version', 'approved in OPS-123']]) });
    const steps = withClass(pageOf(report), 'step');
    expect(steps.map((step) => attribute(step, 'id'))).toEqual([
      'fix-database/privileges',
      'fix-object-storage/modules/access',
      'fix-object-storage/states/versioning',
      'fix-database/version',
    ]);
    const fixes = steps.map((step) => withClass(below(step), 'fix').map((fix) => textOf(named(below(fix), 'code')[0])));
    expect(fixes[0]).toEqual(['GRANT CREATE ON SCHEMA public TO spacelift;\nALTER ROLE spacelift CREATEROLE;']);
    // Prose has no button.
    expect(fixes.map((fix) => fix.length)).toEqual([1, 1, 1, 0]);
    expect(textOf(steps[3])).toContain('fixplan a database of a supported version');
    expect(textOf(steps[1])).toContain('affectsmodules, uploads');
    expect(textOf(steps[3])).toContain('approved in OPS-123');
    expect(steps.map((step) => named(below(step), 'button').length)).toEqual([1, 1, 1, 0]);
  });

  it('has the fixes that can be pasted as the script of -o fixes, if there is more than one', async () => {
    const report = await sampleReport();
    const page = pageOf(report);
    const scripts = withClass(page, 'script').map((script) => textOf(named(below(script), 'code')[0]));
    expect(scripts).toEqual([String(renderFixes(report, PLAIN))]);
    expect(withClass(page, 'all').map(textOf)).toEqual(['copy all fixes']);
    const single = pageOf(await having({ status: 'fail', fix: 'a b', fixKind: 'command', fixLanguage: 'sh' }));
    const advice = pageOf(await having(...['a/b', 'a/c'].map((id) => prose(id))));
    for (const other of [single, advice]) {
      expect([...withClass(other, 'script'), ...withClass(other, 'all')]).toEqual([]);
    }
    expect(named(advice, 'button').map(textOf)).toEqual(['open all']);
  });

  it('says which are new since the baseline, and what else changed', async () => {
    const report = await sampleReport();
    const isOf = (id: string) => (check: ReportCheck) => check.id === id;
    const before = {
      ...report,
      checks: [
        ...report.checks.filter((check) => !isOf('database')(check)),
        ...report.checks.filter(isOf('database')).map((check) => ({
          ...check,
          findings: check.findings.map((finding) =>
            finding.id === 'database/privileges' ? { ...finding, status: 'pass' as const, title: 'enough' } : finding,
          ),
        })),
      ],
    };
    const compared = (one: Report, other: Report) => pageOf({ ...other, comparison: compare(one, other) });
    const page = compared(before, report);
    const steps = withClass(page, 'step').map((step) => withClass(below(step), 'change').map(textOf).join());
    expect(steps).toEqual(['new', '', '', '']);
    const [heading] = page.filter((element) => attribute(element, 'id') === 'changed');
    expect(textOf(heading)).toBe('Compared with the report of 2026-01-02 03:04 UTC');
    const [lines] = withClass(page, 'lines');
    expect(textOf(lines).replace(/\s+/g, ' ')).toContain('failed: new database/privileges the role spacelift lacks');
    const gone = withClass(compared(report, before), 'lines').map((element) => textOf(element).replace(/\s+/g, ' '));
    expect(gone.join()).toContain('passed: gone database/privileges');
    const same = compared(report, report).map(textOf)[0];
    expect(same).toContain('No new failures or warnings, 4 as before.');
    expect(pageOf(report).map((element) => attribute(element, 'id'))).not.toContain('changed');
  });

  it('has what was being checked when the run was interrupted', async () => {
    const skipped = { status: 'skip', title: 'interrupted', inProgress: true } as const;
    const report = await having({ id: 'a/b', ...skipped, durationMs: 4_200 }, { id: 'a/c', status: 'skip' });
    const page = pageOf({ ...report, interrupted: true });
    const links = withClass(page, 'lines').flatMap((list) => named(below(list), 'a'));
    expect(links.map((link) => attribute(link, 'href'))).toEqual(['#a/b']);
    expect(textOf(withClass(page, 'lines')[0]).replace(/\s+/g, ' ')).toContain('for 4.2 s a/b');
    expect(pageOf(await having({})).map((element) => attribute(element, 'id'))).not.toContain('interrupted');
  });

  it('opens what failed if it is little, and everything if nothing failed', async () => {
    const openIn = (report: Report) => {
      const page = pageOf(report);
      const open = (name: string) =>
        withClass(page, name).map((part) => [attribute(part, 'id') ?? '', attribute(part, 'open') === ''] as const);
      return { steps: open('step'), checks: open('check'), rest: open('rest') };
    };
    const little = openIn(await sampleReport());
    expect(little.steps.map(([, isOpen]) => isOpen)).toEqual([true, true, true, true]);
    expect(little.checks.filter(([, isOpen]) => isOpen).map(([id]) => id)).toEqual([
      'check-database',
      'check-object-storage',
    ]);
    expect(little.rest.map(([, isOpen]) => isOpen)).toEqual([false, false]);
    const much = openIn(manyFailures());
    expect(much.steps).toHaveLength(44);
    expect([...much.steps, ...much.checks, ...much.rest].filter(([, isOpen]) => isOpen)).toEqual([]);
    const nothing = openIn(manyFailures(0));
    expect([nothing.steps, nothing.rest, nothing.checks.filter(([, isOpen]) => !isOpen)]).toEqual([[], [], []]);
  });

  it('has nothing to fix when nothing is wrong', async () => {
    const page = pageOf(await having({ id: 'a/b' }));
    expect(withClass(page, 'step')).toEqual([]);
    expect(page.map((element) => attribute(element, 'id'))).not.toContain('fix');
  });

  it('tells what was left behind, and what no check looked at', async () => {
    const leftovers = [{ what: 'an object in states', command: "mc rm 'minio/states/x'" }];
    const page = pageOf({ ...(await sampleReport()), leftovers });
    const text = withClass(page, 'notes').map(textOf);
    expect(text[0]).toContain("an object in statesmc rm 'minio/states/x'");
    expect(text[1]).toContain('access to version control: its address is not in the config');
  });

  it('says once which shell its commands are for', async () => {
    const saysIt = async (report: Report) =>
      withClass(pageOf(report), 'then').map(textOf).join().includes('POSIX shell');
    expect(await saysIt(await sampleReport())).toBe(true);
    expect(await saysIt(await having({}))).toBe(false);
  });

  it('shows all the facts of a finding', async () => {
    const row = withClass(
      pageOf(await having({ detail: 'one\ntwo', evidence: { port: 5432, tried: ['PUT', 'GET'] } })),
      'row',
    )[0];
    for (const text of ['one\ntwo', 'port: 5432; tried: PUT, GET']) expect(textOf(row)).toContain(text);
    const skipped = await having({ status: 'skip', title: 'no', fix: 'GRANT x', evidence: {} });
    expect(textOf(withClass(pageOf(skipped), 'row')[0])).toContain('GRANT x');
  });

  it('shows what would be markup, script or an address as text', async () => {
    const report = await hostileReport();
    const shape = (page: readonly Element[]) =>
      page.map(({ tagName, attrs }) => [tagName, attrs.map(({ name }) => name)]);
    const tame = JSON.parse(JSON.stringify(report), (key, value) =>
      typeof value === 'string' && value !== '' && !/^(id|docs|status|phase|verdict|startedAt)$/.test(key)
        ? 'x'
        : value,
    );
    const page = pageOf(report);
    expect(shape(page)).toEqual(shape(pageOf(tame)));
    const text = page.map(textOf)[0] ?? '';
    for (const value of HOSTILE.slice(0, 6)) expect(text).toContain(value);
    expect(render(report)).not.toMatch(/[^\P{C}\n]|[\p{Zl}\p{Zp}]/u);

    const compared = compare(await having({ id: 'a/b', title: HOSTILE[0] ?? '', status: 'fail' }), report);
    const beside = pageOf({ ...report, comparison: compared });
    expect(withClass(beside, 'lines').map(textOf).join()).toContain(HOSTILE[0]);
    expect(named(beside, 'script')).toHaveLength(1);

    const raw = 'line\u2028separator </script> </style> "\' `${x}`';
    const docs = await having({ status: 'fail', title: raw, docs: 'javascript:alert(1)' });
    const [step] = withClass(pageOf(docs), 'step');
    expect(textOf(step)).toContain(raw);
    expect(textOf(step)).toContain('javascript:alert(1)');
    expect(below(step as Element).filter((element) => attribute(element, 'href')?.startsWith('javascript'))).toEqual(
      [],
    );
  });
});

it.each([
  [[pass('x')], 'Warnings', false],
  [[warn('x'), skip('y')], 'Warnings', true],
  [[warn('x'), fail('y')], 'What to fix', true],
])('calls it by what there is', async (outcomes, heading, there) => {
  const findings = outcomes.map(({ status, title }, index) => ({ id: `a/${index}`, status, title }));
  const report = await having(...findings);
  const count = (status: string) => findings.filter((finding) => finding.status === status).length;
  const summary = { pass: count('pass'), warn: count('warn'), fail: count('fail'), skip: count('skip') };
  expect(
    named(pageOf({ ...report, summary }), 'h2')
      .map(textOf)
      .includes(heading),
  ).toBe(there);
});

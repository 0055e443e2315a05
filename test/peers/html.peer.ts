import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { compare } from '../../src/report/comparison/compare.ts';
import { renderFixes } from '../../src/report/fixes.ts';
import { renderHtml } from '../../src/report/html.ts';
import { renderMatrixAs } from '../../src/report/matrix/index.ts';
import { makeMatrix } from '../../src/report/matrix/merge.ts';
import type { Report } from '../../src/report/report.ts';
import { PLAIN } from '../../src/report/style.ts';
import { hostileReport } from '../report/hostile.ts';
import { manyFailures } from '../report/many.ts';
import { asRun, reportOf } from '../report/matrix/runs.ts';
import { sampleReport } from '../report/sample.ts';
import { type Chromium, type Opened, startChromium } from './browser.ts';

/** Not loopback by its name, and not HTTPS: there, pages have no clipboard. */
const FAR = 'reports.example';
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true } as const;
const FIX = 'GRANT CREATE ON SCHEMA public TO spacelift;\nALTER ROLE spacelift CREATEROLE;';

/** Of axe, which others wrote. */
interface Audit {
  readonly passes: readonly { readonly id: string }[];
  readonly violations: readonly { readonly id: string; readonly nodes: readonly unknown[] }[];
}

let browser: Chromium;
let axe: string;
beforeAll(async () => {
  browser = await startChromium([FAR]);
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
});
afterAll(() => browser?.stop());

async function open(report: Report, options: BrowserContextOptions = {}): Promise<Page> {
  return watched(await browser.open(String(renderHtml(report, PLAIN)), options));
}

function watched({ page, trouble, close }: Opened): Page {
  onTestFinished(async () => {
    await close();
    expect(trouble).toEqual([]);
  });
  return page;
}

const compared = (before: Report, report: Report): Report => ({ ...report, comparison: compare(before, report) });
/** The sample, of which one rule has no result. */
async function interruptedReport(): Promise<Report> {
  const report = await sampleReport();
  const [first, ...checks] = report.checks;
  const findings = first?.findings.map((one) => ({ ...one, status: 'skip' as const, inProgress: true })) ?? [];
  return { ...report, interrupted: true, checks: first === undefined ? [] : [{ ...first, findings }, ...checks] };
}

/** Finds nothing that keeps anybody out, and nothing that is wider than the page. */
async function audited(page: Page): Promise<void> {
  await page.evaluate(axe);
  const found = (await page.evaluate('axe.run()')) as Audit;
  expect(found.passes.map(({ id }) => id)).toEqual(expect.arrayContaining(['color-contrast', 'region', 'label']));
  expect(found.violations.map(({ id, nodes }) => `${id}: ${nodes.length}`)).toEqual([]);
  expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
}

/** Everything in the list of all findings. */
const openAll = (page: Page): Promise<void> => page.getByRole('button', { name: 'open all' }).last().click();

const shown = (page: Page): Promise<string[]> =>
  page.locator('.row:visible').evaluateAll((rows) => rows.map(({ id }) => id));
const clipboard = (page: Page): Promise<string> => page.evaluate('navigator.clipboard.readText()');
const boxOf = async (element: Locator) => {
  const box = await element.boundingBox();
  if (box === null) throw new Error('not to be seen');
  return box;
};

describe.each([
  ['light', {}],
  ['dark', { colorScheme: 'dark' }],
  ['on a phone', PHONE],
  ['on a phone, dark', { ...PHONE, colorScheme: 'dark' }],
] as const)('%s', (_, options) => {
  test.each([
    ['the sample', sampleReport],
    ['hostile values', hostileReport],
    ['many failures, all of them new', async () => compared(manyFailures(0), manyFailures())],
    ['interrupted', interruptedReport],
  ])('%s: nobody is kept out, and nothing is wider than the page', async (_, report) => {
    const page = await open(await report(), options);
    await audited(page);
  });

  test('a matrix, with a service that is lost: the same', async () => {
    const runs = (['server', 'drain'] as const).map((service) =>
      asRun(reportOf(service, [{ id: 'database/version', status: service === 'drain' ? 'fail' : 'pass' }])),
    );
    const lost = { title: 'the image could not be pulled', detail: '', fix: 'pass --image-pull-secret' };
    const matrix = makeMatrix([...runs, { service: 'scheduler', lost }]);
    const before = makeMatrix(runs.slice(0, 1));
    const html = await renderMatrixAs({ ...matrix, comparison: compare(before, matrix) }, 'html');
    await audited(watched(await browser.open(html, options)));
  });
});

describe('the findings', () => {
  test('are all there, and filtered by status and by text', async () => {
    const report = await sampleReport();
    const page = await open(report);
    const all = report.checks.flatMap(({ findings }) => findings);
    const ids = (status: string) => all.filter((finding) => finding.status === status).map(({ id }) => id);
    expect((await shown(page)).sort()).toEqual([...ids('fail'), ...ids('warn')].sort());
    await openAll(page);
    expect((await shown(page)).sort()).toEqual(all.map(({ id }) => id).sort());
    expect(await page.getByText('26 of 26 shown').isVisible()).toBe(true);

    await page.getByLabel('passed 11').uncheck();
    await page.getByLabel('skipped 11').uncheck();
    expect((await shown(page)).sort()).toEqual([...ids('fail'), ...ids('warn')].sort());
    expect(await page.getByRole('heading', { name: 'encryption' }).isVisible()).toBe(false);
    await page.getByLabel('warning 1').uncheck();
    expect((await shown(page)).sort()).toEqual(ids('fail').sort());

    const text = page.getByLabel('Search');
    await text.fill('VERSIONING  states');
    expect(await shown(page)).toEqual(['object-storage/states/versioning']);
    await text.fill('no such thing');
    expect(await shown(page)).toEqual([]);
    expect(await page.getByText('No matching findings.').isVisible()).toBe(true);
    expect(await page.getByText('0 of 26 shown').isVisible()).toBe(true);
    await text.fill('5432');
    await page.getByLabel('passed 11').check();
    expect(await shown(page)).toEqual(['database/connect']);
  });

  test('show themselves when a link leads to them, whatever the filters', async () => {
    const page = await open(await sampleReport());
    await page.getByLabel('failed 3').uncheck();
    const step = page.locator('[id="fix-object-storage/states/versioning"]');
    await step.getByRole('link', { name: 'object-storage/states/versioning' }).click();
    const row = page.locator('[id="object-storage/states/versioning"]');
    await row.waitFor({ state: 'visible' });
    const { y } = await boxOf(row);
    expect(y >= 0 && y < 720).toBe(true);
    await page.getByRole('link', { name: 'how to fix it' }).first().click();
    expect(decodeURI(page.url())).toMatch(/#fix-database\/version$/);
  });

  test('can be read without a script, where nothing pretends to work', async () => {
    const report = await sampleReport();
    const page = await open(report, { javaScriptEnabled: false });
    expect(await page.locator('.row').count()).toBe(26);
    expect(await page.locator('.row').last().isVisible()).toBe(false);
    await page.locator('.check').last().locator('summary').first().click();
    expect(await page.locator('.row').last().isVisible()).toBe(true);
    expect(await page.locator('.step').getByText('ALTER ROLE spacelift CREATEROLE;').isVisible()).toBe(true);
    for (const control of await page.locator('button, input').all()) expect(await control.isVisible()).toBe(false);
  });

  test('are on paper, dark on light, without what only a screen can do', async () => {
    const page = await open(await sampleReport(), { colorScheme: 'dark' });
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('.row:visible').count()).toBe(26);
    for (const control of await page.locator('button, input').all()) expect(await control.isVisible()).toBe(false);
    const color = await page.evaluate('getComputedStyle(document.body).color');
    expect(color).toBe('rgb(26, 33, 41)');
    expect((await page.pdf({ format: 'A4' })).subarray(0, 5).toString()).toBe('%PDF-');
  });
});

describe('a fix', () => {
  test('is copied as it stands', async () => {
    const page = await open(await sampleReport());
    const button = page.getByRole('button', { name: 'copy', exact: true }).first();
    await button.click();
    await page.getByRole('status').filter({ hasText: 'copied' }).waitFor({ state: 'attached' });
    expect(await clipboard(page)).toBe(FIX);
    await page.getByRole('button', { name: 'copied' }).waitFor({ state: 'detached' });
  });

  test('is copied with all others, as a script', async () => {
    const report = manyFailures();
    const page = await open(report);
    await page.getByRole('button', { name: 'copy all fixes' }).click();
    await page.getByRole('button', { name: 'copied' }).waitFor();
    expect(await clipboard(page)).toBe(String(renderFixes(report, PLAIN)));
  });

  test('is shown when a link leads to it', async () => {
    const page = await open(manyFailures());
    const step = page.locator('.step').last();
    expect(await step.locator('.fix').isVisible()).toBe(false);
    const id = (await step.getAttribute('id')) ?? '';
    await openAll(page);
    await page.locator(`[href="#${id}"]`).click();
    await step.locator('.fix').waitFor({ state: 'visible' });
  });

  test('is copied where a page has no clipboard, and nothing but the page is asked for', async () => {
    const paths: string[] = [];
    const html = String(renderHtml(await sampleReport(), PLAIN));
    const server = createServer(({ url = '' }, response) => {
      paths.push(url);
      response.setHeader('content-type', 'text/html').end(html);
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const url = `http://${FAR}:${(server.address() as AddressInfo).port}/preflight.html`;
    const page = watched(await browser.visit(url));
    expect(await page.evaluate('typeof navigator.clipboard')).toBe('undefined');
    await page.getByRole('button', { name: 'copy', exact: true }).first().click();
    await page.getByRole('button', { name: 'copied' }).waitFor();
    await page.getByLabel('Search').click();
    await page.keyboard.press('Control+V');
    expect(await page.getByLabel('Search').inputValue()).toBe(FIX.replace('\n', ' '));
    expect(paths).toEqual(['/preflight.html']);
  });

  test('is copied, and the findings are filtered, by keyboard alone', async () => {
    const page = await open(await sampleReport());
    const focused = () => page.evaluate('document.activeElement.textContent || document.activeElement.value');
    const seen = () =>
      page.evaluate(`(() => {
        const focused = document.activeElement;
        const shape = focused.type === 'checkbox' ? focused.closest('label') : focused;
        const { outlineStyle, outlineWidth } = getComputedStyle(shape);
        const { width, top } = shape.getBoundingClientRect();
        return outlineStyle === 'solid' && parseFloat(outlineWidth) >= 2 && width > 0 && top >= 0;
      })()`);
    const tabTo = async (text: string) => {
      for (let presses = 0; presses < 60; presses++) {
        await page.keyboard.press('Tab');
        expect(await seen()).toBe(true);
        if ((await focused()) === text) return;
      }
      throw new Error(`no way to ${text}`);
    };
    await tabTo('Skip to findings');
    await tabTo('copy');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'copied' }).waitFor();
    expect(await clipboard(page)).toBe(FIX);

    await page.keyboard.press('Control+Home');
    await page.getByRole('link', { name: 'Skip to findings' }).focus();
    await page.keyboard.press('Enter');
    await tabTo('fail');
    await page.keyboard.press('Space');
    expect(await shown(page)).toHaveLength(23);
    await page.getByLabel('Search').focus();
    await page.keyboard.type('versioning');
    expect(await shown(page)).toEqual(
      ['deliveries', 'metadata', 'modules', 'uploads'].map((name) => `object-storage/${name}/versioning`),
    );
  });
});

test.each([
  ['on a screen', {}],
  ['on a phone', PHONE],
])('a slow dependency is seen at once, %s', async (_, options) => {
  const report = await sampleReport();
  const at = (id: string, startMs: number, durationMs: number) => (check: Report['checks'][number]) =>
    check.id === id
      ? { ...check, startMs, durationMs, findings: check.findings.map((f) => ({ ...f, startMs, durationMs })) }
      : check;
  const checks = report.checks.map(at('database', 100, 9_000)).map(at('encryption', 0, 30));
  const page = await open({ ...report, durationMs: 10_000, checks }, options);
  expect(await page.getByRole('figure').innerText()).toContain('database took the longest: 9.0 s of 10.0 s.');
  const [svg, slow] = [page.locator('.slowest svg'), page.locator('.slowest .work').first()];
  const [whole, bar] = [await boxOf(svg), await boxOf(slow)];
  expect(bar.width / whole.width).toBeCloseTo(0.9, 1);
  expect((bar.x - whole.x) / whole.width).toBeCloseTo(0.01, 1);
  const widths = await Promise.all((await page.locator('.lane:not(.slowest) .work').all()).map(boxOf));
  for (const { width } of widths) expect(width).toBeLessThan(0.05 * whole.width);
});

test.each([
  ['new', (report: Report) => compared(manyFailures(0), report)],
  ['old', (report: Report) => report],
])('44 failures, all of them %s, are less than 8,000 pixels on a phone', async (_, with_) => {
  const page = await open(with_(manyFailures()), { viewport: { width: 390, height: 844 }, isMobile: true });
  expect(await page.locator('.step').count()).toBe(44);
  const height = await page.evaluate('document.documentElement.scrollHeight');
  expect(height).toBeLessThan(8_000);
  await page.getByRole('button', { name: 'open all' }).first().click();
  expect(await page.evaluate('document.documentElement.scrollHeight')).toBeGreaterThan(2 * Number(height));
});

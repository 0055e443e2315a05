import { lexer, type Token, walkTokens } from 'marked';
import { describe, expect, it } from 'vitest';
import { renderAs } from '../../src/report/index.ts';
import type { Report } from '../../src/report/report.ts';
import { hostileReport } from './hostile.ts';
import { textOf } from './rows.ts';
import { sampleReport } from './sample.ts';

/** Every token, also inside of others, as GitHub's Markdown reads it. */
async function tokensOf(report: Report): Promise<Token[]> {
  const all: Token[] = [];
  walkTokens(lexer(await renderAs(report, 'markdown')), (token) => void all.push(token));
  return all;
}

const ofType = (tokens: readonly Token[], type: string) => tokens.filter((token) => token.type === type);

describe('the comment', () => {
  it('starts with the mark to find it by, the verdict, and the counts', async () => {
    const [mark, heading, counts] = lexer(await renderAs(await sampleReport(), 'markdown')).filter(
      ({ type }) => type !== 'space',
    );
    expect(mark?.raw.trim()).toBe('<!-- spacelift-preflight -->');
    expect(heading).toMatchObject({ type: 'heading', depth: 2, text: '✖ spacelift-preflight: not ready' });
    expect(counts).toMatchObject({ text: '3 failed, 1 warning, 11 passed, 11 skipped in 0.6 s · pre-install' });
  });

  it('shows failures, and folds the rest', async () => {
    const text = await renderAs(await sampleReport(), 'markdown');
    const [shown = '', ...folded] = text.split('<details>');
    expect(shown).toContain('### ✖ `database/privileges`');
    expect(shown).not.toContain('database/version');
    expect(folded.map((part) => /<summary>(.*)<\/summary>/.exec(part)?.[1])).toEqual([
      '1 warning',
      '11 skipped',
      '11 passed',
    ]);
  });

  it('has the fixes as code, to be copied', async () => {
    const report = await sampleReport();
    const blocks = ofType(await tokensOf(report), 'code').map((token) => ('text' in token ? token.text : ''));
    const troubles = report.checks.flatMap(({ findings }) => findings).filter(({ status }) => /fail|warn/.test(status));
    expect(blocks.toSorted()).toEqual(troubles.map(({ fix }) => fix ?? '').toSorted());
  });

  it('is text wherever the values want to be more', async () => {
    const report = await hostileReport();
    const tokens = await tokensOf(report);
    for (const type of ['image', 'del', 'em', 'blockquote', 'hr', 'def']) expect(ofType(tokens, type)).toEqual([]);
    const links = ofType(tokens, 'link').map((token) => ('href' in token ? token.href : ''));
    expect(new Set(links)).toEqual(new Set(['https://docs.example/reference']));
    const html = ofType(tokens, 'html').map(({ raw }) => raw.replace(/\d+/g, 'N').trim());
    expect(new Set(html)).toEqual(
      new Set([
        '<!-- spacelift-preflight -->',
        '<!-- -->',
        '<br>',
        '<details>\n<summary>N warnings</summary>',
        '<details>\n<summary>N skipped</summary>',
        '<details>\n<summary>N passed</summary>',
        '</details>',
      ]),
    );
    expect(ofType(tokens, 'heading')).toHaveLength(1 + 2 * report.checks.length);
    expect(ofType(tokens, 'codespan')).toHaveLength(4 * report.checks.length);
    const strong = ofType(tokens, 'strong').map((token) => textOf([token]));
    const titles = report.checks.map(({ findings }) => findings[0]?.title);
    expect(strong).toEqual(expect.arrayContaining(titles));
    const fixes = report.checks.map(({ findings }) =>
      findings[0]?.fix?.replaceAll('##[', '#\\u{23}[').replace(/^::/gm, ':\\u{3a}'),
    );
    expect(ofType(tokens, 'code').map((token) => ('text' in token ? token.text : ''))).toEqual(
      expect.arrayContaining(fixes),
    );
  });

  it('mentions nobody', async () => {
    const text = await renderAs(await hostileReport(), 'markdown');
    const outside = text.replace(/^(```+)[\s\S]*?^\1$/gm, '');
    expect(outside).toContain('@<!-- -->everyone');
    expect(outside).not.toMatch(/@\w|#\d/);
  });

  it('is no longer than GitHub takes, and says what was left out', async () => {
    const report = await sampleReport();
    const [check] = report.checks;
    const [finding] = check?.findings ?? [];
    if (check === undefined || finding === undefined) throw new Error('an empty sample');
    const findings = Array.from({ length: 900 }, () => ({ ...finding, title: 'x'.repeat(100) }));
    const text = await renderAs({ ...report, checks: [...report.checks, { ...check, findings }] }, 'markdown');
    expect(text.length).toBeLessThan(65_536);
    expect(text).toContain('### ✖ `database/privileges`');
    expect(text).toContain("1 part omitted because of GitHub's comment size limit; use `-o json` for the full report.");
  });
});

import { error, notice, warning } from '@actions/core';
import { describe, expect, it, vi } from 'vitest';
import { renderAs } from '../../src/report/index.ts';
import { hostileReport } from './hostile.ts';
import { sampleReport } from './sample.ts';

const TOOLKIT = { error, warning, notice } as const;

/** The line that GitHub's own toolkit prints. */
function printed(level: keyof typeof TOOLKIT, message: string, title: string): string {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    TOOLKIT[level](message, { title });
    return String(write.mock.calls[0]?.[0]).trimEnd();
  } finally {
    write.mockRestore();
  }
}

const lines = async (report: Awaited<ReturnType<typeof sampleReport>>) =>
  (await renderAs(report, 'github')).trimEnd().split('\n');

describe('the workflow commands', () => {
  it('are annotations for failures and warnings, and two groups for the rest', async () => {
    const text = await lines(await sampleReport());
    expect(text.slice(0, 4).map((line) => line.slice(0, line.indexOf('::', 2)))).toEqual([
      '::error title=database/privileges',
      '::error title=object-storage/modules/access',
      '::error title=object-storage/states/versioning',
      '::warning title=database/version',
    ]);
    expect(text.filter((line) => line.startsWith('::')).slice(4)).toEqual([
      '::group::11 skipped',
      '::endgroup::',
      '::group::11 passed',
      '::endgroup::',
    ]);
    expect(text.at(-1)).toBe('not ready: 3 failed, 1 warning, 11 passed, 11 skipped in 0.6 s');
  });

  it('are what GitHub’s own toolkit prints, whatever the values are, but for commands in them', async () => {
    const report = await hostileReport();
    const text = await lines(report);
    const findings = report.checks.flatMap((check) => check.findings);
    const troubles = findings.filter(({ status }) => status === 'fail' || status === 'warn');
    for (const finding of troubles) {
      const level = finding.status === 'fail' ? 'error' : finding.accepted === undefined ? 'warning' : 'notice';
      const { id, title, detail, expected, fix, accepted, docs } = finding;
      const message = [
        title,
        detail,
        `expected: ${expected}`,
        `fix:\n${fix}`,
        ...(accepted === undefined ? [] : [`accepted: ${accepted}`]),
        `docs: ${docs}`,
      ].join('\n');
      expect(text).toContain(printed(level, message, id).replaceAll('##[', '#\\u{23}['));
    }
    expect(troubles.length).toBeGreaterThan(20);
  });

  it('are the only ones that the runner could obey', async () => {
    const text = await lines(await hostileReport());
    const ours = /^::(?:(?:error|warning|notice) title=[^:,]+::|group::\d+ (?:skipped|passed)$|endgroup::$)/;
    for (const line of text) {
      if (ours.test(line)) continue;
      expect(line.trimStart().startsWith('::'), line).toBe(false);
      expect(line, line).not.toContain('##[');
    }
  });
});

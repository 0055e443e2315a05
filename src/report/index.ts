/** The report formats. */
import { type Format, format, renderWith } from './format.ts';
import type { FormatName } from './format-names.ts';
import type { DescribeRule } from './render.ts';
import type { Report } from './types.ts';

export const FORMATS: Readonly<Record<FormatName, Format<Report>>> = {
  pretty: format(true, 'text', async () => (await import('./pretty.ts')).renderPretty),
  json: format(false, 'json', async () => (await import('./json.ts')).renderJson),
  junit: format(false, 'markup', async () => (await import('./junit.ts')).renderJunit),
  markdown: format(false, 'text', async () => (await import('./markdown.ts')).renderMarkdown),
  github: format(false, 'commands', async () => (await import('./github.ts')).renderGithub),
  html: format(false, 'markup', async () => (await import('./html.ts')).renderHtml),
  sarif: format(false, 'json', async () => (await import('./sarif.ts')).renderSarif),
  prometheus: format(false, 'text', async () => (await import('./prometheus.ts')).renderPrometheus),
  fixes: format(false, 'text', async () => (await import('./fixes.ts')).renderFixes),
  frame: format(false, 'text', async () => (await import('./frame.ts')).frameOf),
};

/** For a file: without colors, regardless of the terminal. */
export const renderAs = (report: Report, name: FormatName, describe?: DescribeRule): Promise<string> =>
  renderWith(report, FORMATS[name], describe);

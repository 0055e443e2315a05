/** The report formats. */
import { type How, neutralize } from './neutralize.ts';
import type { Render } from './render.ts';
import { PLAIN } from './style.ts';
import type { Report } from './types.ts';

export interface Format {
  /** For people: adapts to the terminal. */
  readonly styled: boolean;
  /** How CI commands in it are neutralized. */
  readonly how: How;
  /** Loads the renderer and its dependencies. */
  load(): Promise<Render>;
}

export const FORMAT_NAMES = ['pretty', 'json', 'junit', 'markdown', 'github', 'html', 'frame'] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

/** The output of every renderer is neutralized here, and nowhere else. */
const format = (styled: boolean, how: How, load: () => Promise<Render>): Format => ({
  styled,
  how,
  load: async () => {
    const render = await load();
    return (report, style) => {
      const text = render(report, style);
      return typeof text === 'string' ? neutralize(text, how) : text.then((whole) => neutralize(whole, how));
    };
  },
});

export const FORMATS: Readonly<Record<FormatName, Format>> = {
  pretty: format(true, 'text', async () => (await import('./pretty.ts')).renderPretty),
  json: format(false, 'json', async () => (await import('./json.ts')).renderJson),
  junit: format(false, 'markup', async () => (await import('./junit.ts')).renderJunit),
  markdown: format(false, 'text', async () => (await import('./markdown.ts')).renderMarkdown),
  github: format(false, 'commands', async () => (await import('./github.ts')).renderGithub),
  html: format(false, 'markup', async () => (await import('./html.ts')).renderHtml),
  frame: format(false, 'text', async () => (await import('./frame.ts')).frameOf),
};

export const isFormat = (name: string): name is FormatName => Object.hasOwn(FORMATS, name);

/** For a file: without colors, regardless of the terminal. */
export async function renderAs(report: Report, format: FormatName): Promise<string> {
  const render = await FORMATS[format].load();
  return render(report, PLAIN);
}

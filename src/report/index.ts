/** The formats of the report. */
import { PLAIN, type Style } from './style.ts';
import type { Report } from './types.ts';

/** Renders a report; ends with a line break. `style` is for those that are styled. */
export type Render = (report: Report, style: Style) => string | Promise<string>;

export interface Format {
  /** For people: it looks at the terminal that it goes to. */
  readonly styled: boolean;
  /** Loads the format, and with it what it takes to write it. */
  load(): Promise<Render>;
}

export const FORMAT_NAMES = ['pretty', 'json', 'junit', 'markdown', 'github', 'html'] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

export const FORMATS: Readonly<Record<FormatName, Format>> = {
  pretty: { styled: true, load: async () => (await import('./pretty.ts')).renderPretty },
  json: { styled: false, load: async () => (await import('./json.ts')).renderJson },
  junit: { styled: false, load: async () => (await import('./junit.ts')).renderJunit },
  markdown: { styled: false, load: async () => (await import('./markdown.ts')).renderMarkdown },
  github: { styled: false, load: async () => (await import('./github.ts')).renderGithub },
  html: { styled: false, load: async () => (await import('./html.ts')).renderHtml },
};

export const isFormat = (name: string): name is FormatName => Object.hasOwn(FORMATS, name);

/** For a file: without colours, whatever the terminal. */
export async function renderAs(report: Report, format: FormatName): Promise<string> {
  const render = await FORMATS[format].load();
  return render(report, PLAIN);
}

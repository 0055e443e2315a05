/** The formats of the report. */
import type { Report } from './report.ts';
import type { Style } from './style.ts';

/** Renders a report; ends with a line break. `style` is for those that are styled. */
export type Render = (report: Report, style: Style) => string | Promise<string>;

export interface Format {
  /** For people: it looks at the terminal that it goes to. */
  readonly styled: boolean;
  /** Loads the format, and with it what it takes to write it. */
  load(): Promise<Render>;
}

export const FORMATS = {
  pretty: { styled: true, load: async () => (await import('./pretty.ts')).renderPretty },
  json: { styled: false, load: async () => (await import('./json.ts')).renderJson },
} as const satisfies Record<string, Format>;

export type FormatName = keyof typeof FORMATS;
export const FORMAT_NAMES = Object.keys(FORMATS) as readonly FormatName[];
export const isFormat = (name: string): name is FormatName => Object.hasOwn(FORMATS, name);

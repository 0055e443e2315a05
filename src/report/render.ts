/** A format is a function from a report to text. */
import type { Style } from './style.ts';
import type { Report } from './types.ts';

/** Renders a report, or another document; ends with a line break. Only styled formats use `style`. */
export type Render<Document = Report> = (document: Document, style: Style) => string | Promise<string>;

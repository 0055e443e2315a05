/** What an output format is, for reports and for matrices. */
import { type How, neutralize } from './neutralize.ts';
import type { DescribeRule, Render } from './render.ts';
import { PLAIN } from './style.ts';
import { loadWidths, WidthsNeededError } from './wrap.ts';

export interface Format<Document> {
  /** For people: adapts to the terminal. */
  readonly styled: boolean;
  /** How CI commands in it are neutralized. */
  readonly how: How;
  /** Loads the renderer and its dependencies. */
  load(): Promise<Render<Document>>;
}

/** The output of every renderer is neutralized here, and nowhere else. */
export const format = <Document>(
  styled: boolean,
  how: How,
  load: () => Promise<Render<Document>>,
): Format<Document> => ({
  styled,
  how,
  load: async () => {
    const render = await load();
    return (document, style, describe) => {
      const text = withWidths(() => render(document, style, describe));
      return typeof text === 'string' ? neutralize(text, how) : text.then((whole) => neutralize(whole, how));
    };
  },
});

/** Renders again if there is other than narrow text in it. */
function withWidths(render: () => string | Promise<string>): string | Promise<string> {
  try {
    return render();
  } catch (error) {
    if (!(error instanceof WidthsNeededError)) throw error;
    return loadWidths().then(render);
  }
}

/** For a file: without colors, regardless of the terminal. */
export async function renderWith<Document>(
  document: Document,
  { load }: Format<Document>,
  describe?: DescribeRule,
): Promise<string> {
  const render = await load();
  return render(document, PLAIN, describe);
}

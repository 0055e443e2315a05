/** The comments beside commands are steps too, which a person follows: each has its action here. */
import type { PostgresServer } from '../../services/postgres.ts';
import { type Config, edit, heldBy } from './config.ts';

/** Where SQL is pasted. */
export interface Session {
  readonly server: PostgresServer;
  /** The last database that a statement created. */
  readonly created: string | undefined;
  /** What the commands printed. */
  readonly output: string;
  readonly config: Config;
}

type Step = (session: Session, words: readonly string[]) => Config | Promise<Config>;

/** The URL in a variable with a change. */
function inUrl({ config }: Session, variable: string, change: (url: URL) => void): Config {
  const url = new URL(heldBy(config, variable) ?? '');
  change(url);
  return edit(config, variable, url.href);
}

const STEPS: readonly (readonly [RegExp, Step])[] = [
  [
    /^point (\w+) to it$/,
    (session, [variable = '']) =>
      inUrl(session, variable, (url) => {
        url.pathname = `/${encodeURIComponent(session.created ?? '')}`;
      }),
  ],
  [
    /^remove (\w+) from (\w+)$/,
    (session, [parameter = '', variable = '']) =>
      inUrl(session, variable, ({ searchParams }) => searchParams.delete(parameter)),
  ],
  [/^set (\w+) to the output$/, ({ config, output }, [variable = '']) => edit(config, variable, output)],
  [
    /^restart the server\b/,
    async ({ server, config }) => {
      await server.restart();
      return config;
    },
  ],
];

/** Comments that ask for nothing: an alternative, or what to know. */
const REMARKS = [
  /^remove it from the SQL$/,
  /^include the existing rules\b/,
  /^correct \w+, or create\b/,
  /^or\b/,
  /^on a managed service\b/,
  /^run it as role\b/,
  /^as a superuser\b/,
  /^REASSIGN OWNED BY\b/,
];

/** Whether a fix says itself that the master user of a managed service can't execute it. */
export const needsSuperuser = (text: string): boolean => /^-- .*\bas a superuser\b/m.test(text);

/** @throws Error for a comment that no step is known for */
export async function follow(session: Session, comment: string): Promise<Config> {
  if (REMARKS.some((pattern) => pattern.test(comment))) return session.config;
  for (const [pattern, step] of STEPS) {
    const found = pattern.exec(comment);
    if (found !== null) return step(session, found.slice(1));
  }
  throw new Error(`test/faults/fixes/steps.ts has no step for the comment "${comment}"`);
}

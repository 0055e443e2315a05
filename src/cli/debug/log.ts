/** `--debug`: a log of every request, to standard error or a file, as it happens. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { redactor } from '../../config/redact.ts';
import { secretsOf } from '../../config/secrets.ts';
import { processSource } from '../../config/sources/process.ts';
import { EVENTS, SECRETS, type TraceEvent } from '../../util/trace.ts';
import { VERSION } from '../../util/version.ts';
import { prepareLog } from '../report-file.ts';
import { watchChildren } from './children.ts';
import { watchHttp } from './http.ts';
import { type Log, lineOf, quietly, since } from './line.ts';
import type { DebugOption } from './option.ts';
import { watchSockets } from './sockets.ts';

/** Of lines that standard error has not accepted yet, in bytes: more are dropped, not kept. */
const MOST_WAITING = 1024 * 1024;

/** Logs until the returned function is called. @throws InputError if the file can't be written */
export function startDebug(host: NodeJS.Process, { path }: DebugOption): () => void {
  const began = performance.now();
  const own = secretsOf([processSource(host.env)]);
  let redact = redactor(own);
  const write = path === undefined ? toStandardError(host) : prepareLog(path);
  const log: Log = quietly((event: TraceEvent) => write(lineOf(redact, since(began), event)));
  const say = (what: string) => log({ kind: 'run', what });
  say(`spacelift-preflight ${VERSION}, Node.js ${process.version}, ${process.platform} ${process.arch}`);
  const onSecrets = quietly((secrets: readonly string[]) => {
    redact = redactor([...secrets, ...own]);
  });
  const onEvent = log as (event: unknown) => void;
  subscribe(EVENTS.name, onEvent);
  subscribe(SECRETS.name, onSecrets);
  const stops = [watchHttp(log), watchSockets(log), watchChildren(log)];
  return () => {
    for (const stop of stops) stop();
    say('end of the command');
    unsubscribe(EVENTS.name, onEvent);
    unsubscribe(SECRETS.name, onSecrets);
  };
}

function toStandardError({ stderr }: NodeJS.Process): (line: string) => void {
  let dropped = 0;
  return (line) => {
    if (stderr.writableLength > MOST_WAITING) {
      dropped++;
      return;
    }
    const note = dropped > 0 ? `(${dropped} lines of the log were dropped: they were not read in time)\n` : '';
    dropped = 0;
    stderr.write(note + line);
  };
}

/** Reads the reports that `merge` is given: JSON documents, or logs with frames. */
import { basename, extname } from 'node:path';
import { InputError } from '../config/input-error.ts';
import { type Perspective, SERVICES } from '../config/options.ts';
import { STDIN, titleOf } from '../config/sources/quote.ts';
import { bytesOf, deadlineIn, decodeOutput, readBytes } from '../config/sources/read.ts';
import { serviceInName } from '../config/sources/service.ts';
import { NAME } from '../report/frame/line.ts';
import { type FrameResult, readFrame, readFrames } from '../report/frame.ts';
import { hostOf, serviceName } from '../report/matrix/names.ts';
import type { ServiceRun } from '../report/matrix/types.ts';
import { readReport } from '../report/read.ts';
import type { Report } from '../report/types.ts';

const EXPECTED = 'expected JSON reports (-o json), or logs with frames (-o frame)';

/**
 * @param files paths, or `-` for standard input, at most once
 * @param timeoutMs for reading them all: a pipe might never end
 * @throws InputError one line that names the file
 */
export async function readRuns(
  files: readonly string[],
  stdin: AsyncIterable<Uint8Array>,
  timeoutMs: number,
): Promise<ServiceRun[]> {
  if (files.filter((file) => file === STDIN).length > 1)
    throw new InputError('standard input (-) can be read only once');
  const runs: ServiceRun[] = [];
  const deadline = deadlineIn(timeoutMs);
  const known = new Known();
  for (const file of files) {
    const name = titleOf(file);
    const bytes = await readBytes(name, () => (file === STDIN ? stdin : bytesOf(file)), deadline);
    for (const result of resultsIn(name, decodeOutput(bytes))) {
      if ('lost' in result) runs.push(lostIn(file, name, result.lost));
      else if (known.isNew(name, result.report))
        runs.push({ service: serviceOf(name, result.report), report: result.report });
    }
  }
  return runs;
}

function resultsIn(name: string, text: string): readonly FrameResult[] {
  if (text.includes(NAME)) {
    const frames = readFrames(text);
    return frames.length > 0 ? frames : [readFrame(text)];
  }
  if (text.trim() === '') throw new InputError(`${name}: the file is empty; ${EXPECTED}`);
  if (!/^\s*[[{]/.test(text)) throw new InputError(`${name}: no report found; ${EXPECTED}`);
  return documentsIn(text).map((json) => {
    const read = readReport(json);
    if ('problem' in read) throw new InputError(`${name}: ${read.problem}; ${EXPECTED}`);
    return read;
  });
}

/** Several reports can follow one another, as from `cat *.json`: each ends with a brace on a line of its own. */
const documentsIn = (text: string): string[] => text.split(/(?<=^\}\s*\n)(?=\{)/m);

/** Which service it was is known only if the file is named after it. */
function lostIn(file: string, name: string, why: string): ServiceRun {
  const service = serviceInName(basename(file, extname(file)));
  if (service === undefined) throw new InputError(`${name}: ${why}; get the complete log, or run the preflight again`);
  return {
    service,
    lost: {
      title: `the report in ${name} is lost`,
      detail: `${why.charAt(0).toUpperCase()}${why.slice(1)}.`,
      fix: 'get the complete log, or run the preflight again',
      fixKind: 'advice',
    },
  };
}

function serviceOf(name: string, { service }: Report): Perspective {
  if (service !== null) return service;
  throw new InputError(
    `${name}: a report of all services together; make one of each service, with --service ${SERVICES.join(', ')} or worker`,
  );
}

/** The reports that were read. */
class Known {
  readonly #reports = new Set<string>();
  /** The name of the file, by service and host. */
  readonly #files = new Map<string, string>();

  /**
   * Whether this report was not read before; the same one can be in several files.
   * @throws InputError if there is another one of the same service from the same host
   */
  isNew(name: string, report: Report): boolean {
    const json = JSON.stringify(report);
    if (this.#reports.has(json)) return false;
    this.#reports.add(json);
    const service = serviceOf(name, report);
    const key = JSON.stringify([service, hostOf({ service, report }) ?? null]);
    const other = this.#files.get(key);
    if (other !== undefined) {
      const where = other === name ? `${name} contains two reports` : `${other} and ${name} are both reports`;
      throw new InputError(`${where} of ${serviceName(service)} from the same host; pass only one of them`);
    }
    this.#files.set(key, name);
    return true;
  }
}

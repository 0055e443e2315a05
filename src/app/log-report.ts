/** The report of a service in the log of its container. */
import type { Perspective } from '../config/options.ts';
import { type FrameResult, readFrame } from '../report/frame.ts';

/** The report, or why there is none: in the words of the command line itself, if it said something. */
export function reportIn(log: string, service: Perspective): FrameResult {
  const found = readFrame(log);
  if ('lost' in found) return { lost: lastWords(log) ?? found.lost };
  return found.report.service === service
    ? found
    : { lost: `its report is for ${found.report.service ?? 'all services'}` };
}

const lastWords = (log: string): string | undefined => [...log.matchAll(/^spacelift-preflight: (.*)$/gm)].at(-1)?.[1];

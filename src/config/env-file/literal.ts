/**
 * The readers that use each line as it is, quotes included: `docker run --env-file` (docker/cli, pkg/kvfile) and
 * `kubectl create --from-env-file` (k8s.io/kubectl, pkg/cmd/util/env_file.go).
 */
import { type Assignment, type Read, trimStart } from './assignment.ts';

/** The longest line that Go's scanner accepts, in bytes. */
const LONGEST_LINE = 64 * 1024;

/** A line is read: as an assignment, as nothing, or not at all. */
type ReadLine = (line: string) => { name: string; value: string; expands: boolean } | 'nothing' | 'refused';

function readLines(text: string, readLine: ReadLine): Assignment[] | undefined {
  const assignments: Assignment[] = [];
  for (const [index, whole] of text
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries()) {
    if (whole.length * 3 >= LONGEST_LINE && Buffer.byteLength(whole) >= LONGEST_LINE) return undefined;
    const line = trimStart(whole.replace(/\r$/, ''));
    const read = line === '' || line.startsWith('#') ? 'nothing' : readLine(line);
    if (read === 'refused') return undefined;
    if (read !== 'nothing') assignments.push({ ...read, line: index + 1 });
  }
  return assignments;
}

/** Name and value; no value without an equals sign. */
function cut(line: string): [name: string, value: string | undefined] {
  const at = line.indexOf('=');
  return at === -1 ? [line, undefined] : [line.slice(0, at), line.slice(at + 1)];
}

/** `docker run --env-file`: a name alone is passed on from the environment, if it is there. */
export const readDocker = (text: string): Read =>
  readLines(text, (line) => {
    const [name, value] = cut(line);
    if (name === '' || /[ \t]/.test(name)) return 'refused';
    return value === undefined ? 'nothing' : { name, value, expands: false };
  });

/** `kubectl create --from-env-file`, of Secrets and ConfigMaps: a name can be there only once. */
export function readKubectl(text: string): Read {
  const names = new Set<string>();
  return readLines(text, (line) => {
    const [name, value] = cut(line);
    if (!/^[-._a-zA-Z][-._a-zA-Z0-9]{0,252}$/.test(name) || /^\.(?:\.|$)/.test(name) || names.has(name))
      return 'refused';
    names.add(name);
    return { name, value: value ?? '', expands: value === undefined };
  });
}

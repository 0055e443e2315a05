/** `configuration/env-file`: one finding, with the lines and the programs, but never a value. */
import { advice, type Fix } from '../../outcome/fix.ts';
import { type Issue, type Pass, pass, warn } from '../../outcome/outcome.ts';
import { firstOf, plural } from '../../util/format.ts';
import { DOCS } from '../contract.ts';
import type { Source } from '../entry.ts';
import type { SkippedLine } from './assignment.ts';
import type { Difference, EnvFile, Reason, Spelling } from './difference.ts';
import { READER_NAMES, READERS, type ReaderName } from './readers.ts';

/** Maximum number of variables in a text. */
const MOST = 5;

/** Made only when there is an env file: loading the rules of a language takes 5 ms. */
const listed = (names: readonly string[]): string => new Intl.ListFormat('en').format(names);
const nameOf = (reader: ReaderName): string => READERS[reader].name;
const namesOf = (readers: readonly ReaderName[]): string => listed(readers.map(nameOf));
/** For a title. */
const SHORT: Readonly<Record<ReaderName, string>> = {
  compose: 'Docker Compose',
  bash: 'bash',
  docker: 'docker run',
  kubectl: 'kubectl',
  systemd: 'systemd',
};

/** One finding for all env files; none without an env file. */
export function judgeEnvFiles(sources: readonly Source[]): { rule: 'env-file'; outcome: Issue | Pass }[] {
  const files = sources.flatMap(({ envFile }) => envFile ?? []);
  const different = files.filter(({ differences, skipped }) => differences.length + skipped.length > 0);
  if (files.length === 0) return [];
  return [{ rule: 'env-file', outcome: different.length > 0 ? warning(different) : passed(files) }];
}

function passed(files: readonly EnvFile[]): Pass {
  const common = READER_NAMES.filter((reader) => files.every(({ readers }) => readers.includes(reader)));
  const subject = files.length === 1 ? 'the env file is' : `${files.length} env files are`;
  const title =
    common.length > 0
      ? `${subject} read alike by ${listed(common.map((reader) => SHORT[reader]))}`
      : `${subject} read as far as possible: no common program accepts everything`;
  return pass(title, { evidence: { files: files.map(({ file }) => file), readers: common.map(nameOf) } });
}

function warning(files: readonly EnvFile[]): Issue {
  const differences = files.flatMap((one) => one.differences);
  const readers = READER_NAMES.filter((reader) => files.some((one) => one.readers.includes(reader)));
  const skipped = files.flatMap((one) => one.skipped);
  return warn(
    skipped.length > 0
      ? `${plural(skipped.length, 'line')} of ${skippedIn(files)} could not be read`
      : titleOf(differences),
    {
      detail: files.map((one) => `In ${one.file}: ${detailOf(one)}`).join(' '),
      expected:
        skipped.length > 0
          ? 'NAME=value, a comment, or a value of several lines in quotes'
          : 'lines that all programs read alike',
      fix: fixFor(files, differences),
      docs: DOCS.general,
      evidence: {
        files: files.map(({ file }) => file),
        variables: differences.map(({ name }) => name),
        lines: [...skipped, ...differences].map(({ line }) => String(line)),
        readers: readers.map(nameOf),
      },
    },
  );
}

/** The file with such lines, or how many there are. */
function skippedIn(files: readonly EnvFile[]): string {
  const [first, ...others] = files.filter(({ skipped }) => skipped.length > 0);
  return others.length === 0 ? `${first?.file}` : `${others.length + 1} env files`;
}

function detailOf({ skipped, differences }: EnvFile): string {
  const unread =
    skipped.length > 0
      ? [
          `${linesIn(skipped)} ${skipped.length === 1 ? 'is' : 'are'} not NAME=value: programs ignore ${skipped.length === 1 ? 'it' : 'them'}, or reject the file.`,
        ]
      : [];
  return firstOf([...unread, ...differences.map(describe)], MOST, ' ');
}

/** "lines 3 (DATABASE_URL), 5–9" */
function linesIn(skipped: readonly SkippedLine[]): string {
  const ranges: { readonly from: number; to: number; readonly name: string | undefined }[] = [];
  for (const { line, name } of skipped) {
    const last = ranges.at(-1);
    if (last !== undefined && last.to === line - 1 && name === undefined) last.to = line;
    else ranges.push({ from: line, to: line, name });
  }
  const texts = ranges.map(
    ({ from, to, name }) => `${from}${to === from ? '' : `–${to}`}${name === undefined ? '' : ` (${name})`}`,
  );
  return `${skipped.length === 1 ? 'line' : 'lines'} ${firstOf(texts, MOST)}`;
}

function titleOf(differences: readonly Difference[]): string {
  const [first] = differences;
  const subject = differences.length === 1 ? `${first?.name}` : plural(differences.length, 'variable');
  const [one, other] = differences.find(({ groups }) => groups.length > 1)?.groups ?? [];
  const [verb, refers] = differences.length === 1 ? ['is', 'refers'] : ['are', 'refer'];
  if (one?.[0] === undefined || other?.[0] === undefined)
    return `${subject} ${refers} to a variable that is not in the file`;
  return `${subject} ${verb} read differently by ${SHORT[one[0]]} and ${SHORT[other[0]]}`;
}

const SUBJECTS: Readonly<Record<Reason, string>> = {
  reference: 'the $ in the value',
  missing: 'the line',
  'trailing whitespace': 'the whitespace at the end',
  comment: 'the # in the value',
  'dollar sign': 'the $ in the value',
  backslash: 'the \\ in the value',
  quotes: 'the quotes in the value',
  syntax: 'a special character in the value',
};

function describe({ name, line, groups, reason }: Difference): string {
  const where = `${name} (line ${line})`;
  const [one = [], ...others] = groups;
  const subject = SUBJECTS[reason];
  if (others.length === 0)
    return `${where}: ${subject} starts a reference to an environment variable in ${namesOf(one)}.`;
  return `${where}: ${subject} means one thing in ${namesOf(one)}, and another in ${others.map(namesOf).join(', and a third in ')}.`;
}

/** A plain value with a reference in it to another variable of the file. */
const spellingFor = ({ spelling, reason }: Difference): Spelling | 'replaced' =>
  spelling === 'plain' && reason === 'dollar sign' ? 'replaced' : spelling;

const SPELLINGS: Readonly<Record<Spelling | 'replaced', (names: string) => string>> = {
  replaced: (names) => `write the values themselves in ${names}, without $ and the name of another variable`,
  plain: (names) => `write ${names} without quotes, whitespace or a comment behind the value`,
  encoded: (names) => `percent-encode the special characters of the user name and password in ${names}`,
  'single-quoted': (names) =>
    `put the values of ${names} in single quotes; docker run --env-file and kubectl --from-env-file keep quotes, so give them a file without`,
  none: (names) =>
    `set ${names} with a Secret or an option, not in an env file: no spelling is read alike by all programs`,
};

function fixFor(files: readonly EnvFile[], differences: readonly Difference[]): Fix {
  const unread = files.flatMap(({ file, skipped }) =>
    skipped.length > 0 ? [`write ${linesIn(skipped)} of ${file} as NAME=value, or put # in front`] : [],
  );
  const spelled = [...Map.groupBy(differences, spellingFor)].map(([spelling, which]) =>
    SPELLINGS[spelling](
      firstOf(
        which.map(({ name, line }) => `${name} (line ${line})`),
        MOST,
      ),
    ),
  );
  return advice`${[...unread, ...spelled].join('; ')}`;
}

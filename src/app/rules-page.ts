/** The tables of rules as a page of documentation: what `explain` says, all of it. */
import { type Check, nounOf, type Rule } from '../engine/check.ts';

const INTRODUCTION = `# Checks

Every rule, under the id that reports have. \`spacelift-preflight explain <id>\` says the same on the command line.

This page is generated from the tables of rules (\`npm run docs\`): edit those, in \`checks/\`.
`;

export function rulesPage(checks: readonly Check[]): string {
  const contents = checks.map(({ id, title }) => `- [${title}](#${anchor(title)}): \`${id}\``).join('\n');
  return `${[INTRODUCTION, contents, ...checks.map(ofCheck)].join('\n')}`;
}

function ofCheck(check: Check): string {
  const { id, title, rules, subjects = [] } = check;
  const noun = nounOf(check);
  const each = noun === undefined ? '' : `\n\`<${noun}>\` is each of ${subjects.map(code).join(', ')}.\n`;
  return `\n## ${title}\n${each}${Object.entries(rules)
    .map(([key, rule]) => ofRule(`${id}/${key}`, rule))
    .join('')}`;
}

function ofRule(
  id: string,
  { title, procedure: checks, rationale: matters, permission, fix: mend, example, docs }: Rule,
): string {
  const rows = [
    ['Checks', checks],
    ['Matters', matters],
    ...(permission === undefined ? [] : [['Permission', permission]]),
    ['Mend', mend],
    ['Documentation', `<${docs}>`],
  ] as const;
  return `
### \`${id}\`

${capital(escaped(title))}.

${rows.map(([label, text]) => `- **${label}.** ${label === 'Documentation' ? text : escaped(text ?? '')}`).join('\n')}

For example:

\`\`\`
${example.found}
${example.fix
  .split('\n')
  .map((line, index) => `${index === 0 ? '  fix  ' : '       '}${line}`)
  .join('\n')}
\`\`\`
`;
}

const code = (text: string): string => `\`${text}\``;
const capital = (text: string): string => text.replace(/^[a-z]/, (letter) => letter.toUpperCase());
/** As GitHub makes them. */
const anchor = (title: string): string => title.toLowerCase().replaceAll(' ', '-');

/** Angle brackets and stars are text; what is in backquotes already is code. */
const escaped = (text: string): string =>
  text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replace(/[<>*_]/g, '\\$&')))
    .join('');

/** The tables of rules as a page of documentation, with the same content as `explain`. */
import { type Check, nounOf, type Rule } from '../engine/check.ts';
import { escapedProse } from '../report/markdown/prose.ts';

const INTRODUCTION = `# Checks

All rules, by the ID used in reports. To see a rule on the command line, run \`spacelift-preflight explain <id>\`.

This page is generated from the tables of rules in \`checks/\`. To change it, edit those and run \`npm run docs\`.
`;

export function rulesPage(checks: readonly Check[]): string {
  const contents = checks.map(({ id, title }) => `- [${title}](#${anchor(title)}): \`${id}\``).join('\n');
  return `${[INTRODUCTION, contents, ...checks.map(ofCheck)].join('\n')}`;
}

function ofCheck(check: Check): string {
  const { id, title, rules, subjects = [] } = check;
  const noun = nounOf(check);
  const each = noun === undefined ? '' : `\n\`<${noun}>\` is one of ${subjects.map(code).join(', ')}.\n`;
  return `\n## ${title}\n${each}${Object.entries(rules)
    .map(([key, rule]) => ofRule(`${id}/${key}`, rule))
    .join('')}`;
}

function ofRule(id: string, { title, procedure, rationale, permission, fix, example, docs }: Rule): string {
  const rows = [
    ['What it does', procedure],
    ['Why it matters', rationale],
    ...(permission === undefined ? [] : [['Permission', permission]]),
    ['Fix', fix],
    ['Documentation', `<${docs}>`],
  ] as const;
  return `
### \`${id}\`

${capital(escapedProse(title))}.

${rows.map(([label, text]) => `- **${label}:** ${label === 'Documentation' ? text : escapedProse(text ?? '')}`).join('\n')}

Example:

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
/** GitHub's anchor for a heading. */
const anchor = (title: string): string => title.toLowerCase().replaceAll(' ', '-');

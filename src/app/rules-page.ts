/** The tables of rules as pages of documentation, with the same content as `explain`. */
import { type Check, nounOf, type Rule } from '../engine/check.ts';
import { escapedProse } from '../report/markdown/prose.ts';
import { pathOfRule } from '../report/rule-link.ts';

const GENERATED =
  'This page is generated from the tables of rules in `checks/`. To change it, edit those and run `npm run docs`.';

const INTRODUCTION = `# Checks

All rules, by the ID used in reports. To see a rule on the command line, run \`spacelift-preflight explain <id>\`.

${GENERATED}
`;

/** By their paths in `docs`: a list of all rules, and a page for each check. */
export function rulesPages(checks: readonly Check[]): ReadonlyMap<string, string> {
  const pages = checks.map((check) => [`rules/${check.id}.md`, ofCheck(check)] as const);
  return new Map([['checks.md', `${[INTRODUCTION, ...checks.map(contentsOf)].join('\n')}`], ...pages]);
}

const contentsOf = ({ id, title, rules }: Check): string => `## [${title}](rules/${id}.md)

${Object.entries(rules)
  .map(([key, rule]) => `- [${code(`${id}/${key}`)}](${pathOfRule(`${id}/${key}`)}): ${escapedProse(rule.title)}`)
  .join('\n')}
`;

function ofCheck(check: Check): string {
  const { id, title, rules, subjects = [] } = check;
  const noun = nounOf(check);
  const each = noun === undefined ? '' : `\n\`<${noun}>\` is one of ${subjects.map(code).join(', ')}.\n`;
  return `# ${title}

The rules of \`${id}\`, by the ID used in reports. [All checks](../checks.md).
${each}
${GENERATED}
${Object.entries(rules)
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
## \`${id}\`

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

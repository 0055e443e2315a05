/** The plan for people, at 80 columns. */
import { Chalk } from 'chalk';
import type { EcsPolicy } from '../cluster/ecs/access.ts';
import { type ClusterAccess, type RoleRule, yamlOf } from '../cluster/role.ts';
import { acceptancePhrase } from '../report/accepted.ts';
import { changePhrase, changesTitle, releasePhrase } from '../report/release.ts';
import { type Style, toAscii } from '../report/style.ts';
import { padTo, widthOf, wrap } from '../report/wrap.ts';
import type { Plan, PlannedCheck, PlanOperation } from './plan.ts';
import type { Levels, Permissions, Policy, Role } from './policy.ts';

const LABEL = 8;

const NAMES: Readonly<Record<keyof Permissions, string>> = {
  postgresql: 'PostgreSQL',
  aws: 'AWS',
  minio: 'MinIO',
  gcp: 'Google Cloud',
  azure: 'Azure',
};

export function renderPlan(plan: Plan, style: Style): string {
  const { bold, dim } = new Chalk({ level: style.color });
  const page: Page = { width: style.width, bold, dim };
  const lines = [
    ...wrap(opening(plan), style.width),
    ...wrap(`Release: ${releasePhrase(plan.release)}.`, style.width),
    ...decided(plan, page),
    ...changes(plan, page),
    '',
    bold('Variables'),
    ...variables(plan, page),
    '',
    bold(heading(plan)),
    ...plan.checks.flatMap((check) => ofCheck(check, page)),
    ...permissions(plan.permissions, page),
    ...clusterRole(plan.kubernetes, page),
    ...policyForTasks(plan.ecs, page),
    ...plan.notes.flatMap((note) => ['', ...wrap(`Note: ${note}.`, style.width)]),
  ];
  const text = `${lines.join('\n')}\n`;
  return style.unicode ? text : toAscii(text);
}

interface Page {
  readonly width: number;
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
}

function opening({ service, phase, readOnly }: Plan): string {
  const how = [service ?? 'all services', ...(phase === 'auto' ? [] : [phase]), ...(readOnly ? ['read-only'] : [])];
  return `Plan of a run for ${how.join(', ')}. Nothing was contacted.`;
}

/** What is different in the release that an upgrade leads to. */
function changes({ release }: Plan, { width, bold }: Page): string[] {
  const title = changesTitle(release);
  if (title === undefined) return [];
  const indented = (text: string, indent: number) =>
    wrap(text, width - indent).map((line) => ' '.repeat(indent) + line);
  return [
    '',
    bold(capital(title)),
    ...(release.changes ?? []).flatMap((change) => [
      ...indented(changePhrase(change), 2),
      ...(change.action === undefined ? [] : indented(change.action, 4)),
    ]),
  ];
}

/** What the decisions file changes in the run. */
function decided({ decisions }: Plan, { width, bold }: Page): string[] {
  if (decisions === null) return [];
  const { file, profile, accepted, skipped, required, options } = decisions;
  const lines = [
    ...Object.entries(accepted).map(([id, decision]) => `accepts ${id}: ${acceptancePhrase({ decision })}`),
    ...skipped.map(({ id, reason, where }) => `skips ${id}: ${reason} (${where})`),
    ...required.map((id) => `requires ${id}`),
    ...Object.entries(options).map(([name, value]) => `sets ${name}: ${value}`),
  ];
  return [
    '',
    bold(`Decisions: ${file}${profile === undefined ? '' : ` (profile ${profile})`}`),
    ...lines.flatMap((line) => wrap(line, width - 4).map((part, index) => `${index === 0 ? '  ' : '    '}${part}`)),
  ];
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function heading({ checks }: Plan): string {
  const operations = checks.flatMap((check) => check.operations);
  const writing = operations.filter(({ writes }) => writes !== null).length;
  return `Operations: ${operations.length}, ${writing === 0 ? 'all read-only' : `${writing} of them ${writing === 1 ? 'writes' : 'write'}`}`;
}

/** Grouped by source, whose name would not fit beside the longest variables. */
function variables({ variables: all, unknown }: Plan, { width, dim }: Page): string[] {
  const column = Math.max(0, ...all.map(({ name }) => name.length).filter((length) => length <= width / 2)) + 2;
  const groups = Map.groupBy(all, ({ origin }) => origin);
  const lines = [...groups].flatMap(([origin, group]) => [
    `  ${dim(origin)}`,
    ...group.flatMap(({ name, value, note }) => {
      const text = [value, note === null ? null : `(${note})`].filter((part) => part !== null).join(' ');
      const fits = name.length < column && column + 4 + widthOf(text) <= width;
      return fits
        ? [`    ${padTo(name, column)}${text}`]
        : [`    ${name}`, ...wrap(text, width - 6).map((line) => `      ${line}`)];
    }),
  ]);
  const strange = unknown.length === 0 ? [] : wrap(`unknown to Spacelift: ${unknown.join(', ')}`, width - 2);
  return [...lines, ...strange.map((line) => `  ${line}`)];
}

function ofCheck({ id, about, operations, hindered }: PlannedCheck, page: Page): string[] {
  const nothing = hindered === null ? 'only reads the config' : `can’t run: ${hindered}`;
  return [
    about === null ? `  ${page.bold(id)}` : `  ${page.bold(id)}  ${about}`,
    ...(operations.length === 0 ? wrap(nothing, page.width - 6).map((line) => `    - ${line}`) : []),
    ...operations.flatMap((operation) => ofOperation(operation, page)),
  ];
}

function ofOperation({ does, at, writes }: PlanOperation, { width, dim }: Page): string[] {
  const row = (label: string, text: string) =>
    wrap(text, width - 6 - LABEL).map((line, index) => `      ${dim(padTo(index === 0 ? label : '', LABEL))}${line}`);
  return [
    ...wrap(does, width - 6).map((line, index) => `    ${index === 0 ? '-' : ' '} ${line}`),
    ...(at.length === 0 ? [] : row('at', at.join(', '))),
    ...(writes === null ? [] : row('writes', writes)),
  ];
}

function permissions(all: Permissions, page: Page): string[] {
  return (Object.keys(NAMES) as (keyof Permissions)[]).flatMap((system) => {
    const levels: Levels<Policy | readonly Role[]> | undefined = all[system];
    if (levels === undefined) return [];
    const sections = [
      { says: 'required permissions', held: levels.least },
      {
        says: 'optional, to verify more and remove all; no service has them',
        held: levels.further,
      },
    ];
    return sections.flatMap(({ says, held }) =>
      held === undefined ? [] : ['', page.bold(`${NAMES[system]}: ${says}`), ...listed(held, page)],
    );
  });
}

function listed(held: Policy | readonly Role[], { width }: Page): string[] {
  if (!isRoles(held)) return JSON.stringify(held, null, 2).split('\n');
  return held.flatMap(({ role, on }) => [
    `  ${role}`,
    ...wrap(`on ${on.join(', ')}`, width - 4).map((line) => `    ${line}`),
  ]);
}

function clusterRole(access: ClusterAccess | null, { bold }: Page): string[] {
  if (access === null) return [];
  const listedRules = (rules: readonly RoleRule[]) => rules.map((rule) => `  ${yamlOf(rule)}`);
  return [
    '',
    bold('Kubernetes: rules of a Role in Spacelift’s namespace, for run kubernetes'),
    ...listedRules(access.rules),
    '',
    bold('Kubernetes: in addition, for --create-service-accounts'),
    ...listedRules(access.createServiceAccounts),
  ];
}

function policyForTasks(policy: EcsPolicy | null, { bold }: Page): string[] {
  if (policy === null) return [];
  return [
    '',
    bold('AWS: policy for your own credentials, for run ecs'),
    ...JSON.stringify(policy, null, 2).split('\n'),
  ];
}

const isRoles = (held: Policy | readonly Role[]): held is readonly Role[] => Array.isArray(held);

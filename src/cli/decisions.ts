/** `preflight.yaml`: what it decides, unless the command line or a variable does. */
import { lstatSync } from 'node:fs';
import type { Command } from 'commander';
import { InputError } from '../config/input-error.ts';
import { day } from '../util/format.ts';
import { parsedBy } from './option-values.ts';
import type { RunArguments } from './options.ts';

type Given = Pick<RunArguments, 'config' | 'configProfile'> & { readonly cleanup?: true };

/** In the current directory. */
const FILE = 'preflight.yaml';

/**
 * Adds the decisions to the options of the command, if it reads them.
 * @throws InputError for a file that is not valid
 */
export async function applyDecisions(command: Command): Promise<void> {
  if (!command.options.some(({ long }) => long === '--config')) return;
  const { config, configProfile: profile, cleanup } = command.opts<Given>();
  if (cleanup === true) return;
  const isThere = config === undefined && lstatSync(FILE, { throwIfNoEntry: false }) !== undefined;
  if (config === false || (config === undefined && !isThere)) {
    if (profile === undefined) return;
    throw new InputError(`--config-profile requires a decisions file: ${FILE} in the current directory, or --config`);
  }
  const { readDecisions } = await import('../app/decisions/read.ts');
  const today = day(new Date());
  const { decisions, whereOf, requiredAt } = readDecisions(config ?? FILE, {
    profile,
    today,
    isNamed: config !== undefined,
  });
  const set = Object.entries(decisions.options).filter(([name, value]) => setOption(command, name, value, whereOf));
  const { skip = [], require = [] } = command.opts<Pick<RunArguments, 'skip' | 'require'>>();
  const lists = {
    skip: [...skip, ...decisions.skipped.map(({ id }) => id)],
    require: [...require, ...decisions.required],
    requiredAt,
    decisions: { ...decisions, options: Object.fromEntries(set) },
  };
  for (const [name, value] of Object.entries(lists)) command.setOptionValueWithSource(name, value, 'config');
}

/** Whether the value of the file is in effect. @throws InputError */
function setOption(command: Command, name: string, value: string, whereOf: (option: string) => string): boolean {
  const option = command.options.find(({ long }) => long === `--${name}`);
  if (option === undefined) return false;
  const attribute = option.attributeName();
  if (['cli', 'env'].includes(command.getOptionValueSource(attribute) ?? '')) return false;
  if (option.isBoolean()) {
    if (value === 'true') command.setOptionValueWithSource(attribute, true, 'config');
    return value === 'true';
  }
  const parsed = parsedBy(option, value, `${whereOf(name)}: ${name}`);
  command.setOptionValueWithSource(attribute, parsed, 'config');
  return true;
}

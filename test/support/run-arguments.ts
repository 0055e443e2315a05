/** The command line's own parser, without a run: for arguments in manifests. */
import { Command } from 'commander';
import { type RunArguments, runOptions } from '../../src/cli/options.ts';
import { checkIds } from '../../src/cli/prepare.ts';

/**
 * @param args as in a container, where `$$` is a dollar sign and `$(NAME)` would be replaced
 * @throws as the command line does if it refuses them
 */
export function runArguments(args: readonly string[]): RunArguments {
  const command = new Command().exitOverride().configureOutput({ outputError: () => {} });
  for (const option of runOptions()) command.addOption(option);
  const options = command
    .allowExcessArguments(false)
    .parse(args.map(asKubernetes), { from: 'user' })
    .opts<RunArguments>();
  checkIds(options);
  return options;
}

function asKubernetes(text: string): string {
  const [, reference] = /(?:^|[^$])(?:\$\$)*(\$\([^)]*\))/.exec(text) ?? [];
  if (reference !== undefined) throw new Error(`Kubernetes would replace ${reference} in ${text}`);
  return text.replaceAll('$$', '$');
}

/** The command line: reads the arguments, and loads the command that they ask for. */
import { Argument, Command, CommanderError, type Option } from 'commander';
import { InputError } from '../config/input-error.ts';
import { VERSION } from '../util/version.ts';
import { fail, usage } from './errors.ts';
import {
  type CleanupArguments,
  cleanupOptions,
  type PlanArguments,
  planOptions,
  type RunArguments,
  runOptions,
  SHELLS,
  type Shell,
} from './options.ts';

const EXAMPLES = `Examples:
  $ tofu output -raw kubernetes_secrets | spacelift-preflight -f -
  $ spacelift-preflight -f shared.yaml -f server.yaml -f drain.yaml
  $ spacelift-preflight    # the environment, in a Kubernetes Job with envFrom
`;
const AFTER = `
Options that end in ... can be repeated.

Exit codes:
  0    no failure
  1    at least one failure; with --strict a warning or the verdict
       inconclusive too, with --require a skip
  2    the run could not start: bad option, no readable config
  130  after SIGINT
  143  after SIGTERM
`;

/** Runs the command that `host.argv` asks for, and sets the exit code. Never throws. */
export async function main(host: NodeJS.Process): Promise<void> {
  // What can't be written is told by who writes it.
  for (const stream of [host.stdout, host.stderr]) stream.on('error', () => {});
  try {
    await program(host).parseAsync(host.argv);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) host.exitCode = 0;
    else if (error instanceof CommanderError) await fail(host, usage.parsing(error.message));
    else if (error instanceof InputError) await fail(host, error.message);
    else await fail(host, usage.bug(error));
  }
}

function program(host: NodeJS.Process): Command {
  const root = new Command('spacelift-preflight');
  for (const option of runOptions()) root.addOption(option);
  root
    .description(
      'Checks every external dependency of a self-hosted Spacelift installation, from the config it runs with.',
    )
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', AFTER)
    .enablePositionalOptions()
    .allowExcessArguments()
    .action(async (options: RunArguments) => {
      const [stranger] = root.args;
      if (stranger !== undefined) {
        const commands = root.commands.map((command) => command.name());
        throw new InputError(usage.argument(stranger, commands));
      }
      const { run } = await import('./run.ts');
      await run(host, options);
    });
  const plan = root
    .command('plan')
    .description('what a run would do, write and must be permitted; contacts nothing')
    .allowExcessArguments(false)
    .action(async (options: PlanArguments) => {
      refuseOptions(root, 'plan');
      const { plan: print } = await import('./plan.ts');
      await print(host, options);
    });
  for (const option of planOptions()) plan.addOption(option);
  const cleanup = root
    .command('cleanup')
    .description('removes what an earlier, killed run left, and nothing else')
    .allowExcessArguments(false)
    .action(async (options: CleanupArguments) => {
      refuseOptions(root, 'cleanup');
      const { cleanup: sweep } = await import('./cleanup.ts');
      await sweep(host, options);
    });
  for (const option of cleanupOptions()) cleanup.addOption(option);
  root
    .command('explain')
    .description('what a finding is about, and how to mend it; without an id, the list')
    .argument('[id]', 'of a rule, a finding or a check')
    .allowExcessArguments(false)
    .action(async (id: string | undefined) => {
      refuseOptions(root, 'explain');
      const { explain } = await import('./explain.ts');
      await explain(host, id);
    });
  root
    .command('schema')
    .description('the JSON Schema of the JSON report')
    .allowExcessArguments(false)
    .action(async () => {
      refuseOptions(root, 'schema');
      const { schema } = await import('./schema.ts');
      await schema(host);
    });
  root
    .command('completion')
    .description('a script that completes this command line in a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .allowExcessArguments(false)
    .action(async (shell: Shell) => {
      refuseOptions(root, 'completion');
      const { completion } = await import('./completion.ts');
      await completion(host, shell, root);
    });
  for (const command of [root, ...root.commands]) {
    command
      .exitOverride()
      .configureHelp({ optionDescription })
      .configureOutput({
        writeOut: (text) => void host.stdout.write(text),
        writeErr: (text) => void host.stderr.write(text),
        // `main` says it.
        outputError: () => {},
      });
  }
  return root;
}

function optionDescription({ description, argChoices, defaultValue }: Option): string {
  const facts = [
    ...(argChoices === undefined ? [] : [argChoices.join(', ')]),
    ...(defaultValue === undefined || defaultValue === true ? [] : [`default ${defaultValue}`]),
  ];
  return facts.length === 0 ? description : `${description} (${facts.join('; ')})`;
}

/** What stands before the name of a command belongs to the run, and would be ignored. */
function refuseOptions(root: Command, command: string): void {
  const given = root.options.find((option) => root.getOptionValueSource(option.attributeName()) === 'cli');
  if (given === undefined) return;
  const own = root.commands.find((candidate) => candidate.name() === command)?.options ?? [];
  const belongs = own.some(({ long }) => long === given.long);
  throw new InputError(belongs ? `${given.long} belongs after ${command}` : `${given.long} is no option of ${command}`);
}

/** The command line: parses the arguments and loads the requested command. */
import { Argument, Command, CommanderError, type Option } from 'commander';
import { InputError } from '../config/input-error.ts';
import { OPTION_PREFIX } from '../config/options.ts';
import { VERSION } from '../util/version.ts';
import { withOwnDebug } from './debug/option.ts';
import { fail, usage } from './errors.ts';
import { type FirstLine, NO_LINE } from './first-line.ts';
import {
  type CleanupArguments,
  cleanupOptions,
  type DiffArguments,
  DOCUMENTS,
  type DocumentName,
  diffOptions,
  type ExplainArguments,
  explainOptions,
  type MergeArguments,
  mergeOptions,
  type PlanArguments,
  planOptions,
  type RunArguments,
  runOptions,
  SHELLS,
  type Shell,
} from './options.ts';
import {
  type EcsArguments,
  foreignOption,
  type KubernetesArguments,
  PLATFORMS,
  type Platform,
  platformOptions,
} from './platform-options.ts';

const EXAMPLES = `Examples:
  $ tofu output -raw kubernetes_secrets | spacelift-preflight -f -
  $ spacelift-preflight -f shared.yaml -f server.yaml -f drain.yaml
  $ spacelift-preflight    # from the environment, as in a Job with envFrom
`;
const VARIABLES = `
Variables:
  Each option is also a variable of this process, as in
  ${OPTION_PREFIX}FAIL_ON=new or ${OPTION_PREFIX}STRICT=true.
  A list has one value per line. The command line wins.
`;
const AFTER = `
Exit codes:
  0    no failures
  1    at least one failure; with --strict, also a warning or an
       inconclusive verdict; with --require, also a skip
  2    the run could not start: invalid option or unreadable config
  129  interrupted by SIGHUP: the terminal was closed
  130  interrupted by SIGINT
  143  interrupted by SIGTERM
`;

/**
 * Runs the command in `host.argv` and sets the exit code. Never throws.
 * @param firstLine is shown until there is something else to print
 * @param loaded is called as soon as what all runs need is loaded, before a command with options starts
 */
export async function main(host: NodeJS.Process, firstLine = NO_LINE, loaded = async () => {}): Promise<void> {
  // Whoever writes reports its own write errors.
  for (const stream of [host.stdout, host.stderr]) stream.on('error', () => {});
  const started: Started = { endings: [], command: undefined };
  try {
    await program(host, started, firstLine, loaded).parseAsync(withOwnDebug(host.argv));
  } catch (error) {
    firstLine.clear();
    if (error instanceof CommanderError && error.exitCode === 0) host.exitCode = 0;
    else if (error instanceof CommanderError) await fail(host, usage.parsing(error.message));
    else if (error instanceof InputError) await fail(host, await withVariables(error.message, started.command));
    else await fail(host, usage.bug(error));
  }
  for (const end of started.endings) await end(host);
}

/** How to end the process after a command that contacted servers: what it leaves open must not keep the process alive. */
type End = (host: NodeJS.Process) => Promise<void>;

interface Started {
  readonly endings: End[];
  command: Command | undefined;
}

/** Names the variables that a message is about, if options came from any. */
async function withVariables(message: string, command: Command | undefined): Promise<string> {
  const isGiven = command?.options.some((option) => command.getOptionValueSource(option.attributeName()) === 'env');
  if (command === undefined || isGiven !== true) return message;
  const { namingVariables } = await import('./from-variables.ts');
  return namingVariables(message, command);
}

/** How to run on a platform; loaded only then. */
const RUN = {
  kubernetes: async () => {
    const { end, runKubernetes } = await import('./run-kubernetes.ts');
    return { end, start: runKubernetes };
  },
  ecs: async () => {
    const { end, runEcs } = await import('./run-ecs.ts');
    return { end, start: runEcs };
  },
} as const satisfies Record<Platform, unknown>;

/** With `--debug`, logs until the command has ended. */
async function logged(host: NodeJS.Process, { debug }: Pick<RunArguments, 'debug'>, act: () => Promise<void>) {
  if (debug === undefined) return act();
  const { startDebug } = await import('./debug/log.ts');
  const stop = startDebug(host, debug);
  return act().finally(stop);
}

function program(host: NodeJS.Process, started: Started, firstLine: FirstLine, loaded: () => Promise<void>): Command {
  const { endings } = started;
  const root = new Command('spacelift-preflight');
  const check = async (options: RunArguments) => {
    const { end, run } = await import('./run.ts');
    endings.push(end);
    if (options.debug !== undefined) firstLine.clear();
    await logged(host, options, () => run(host, options, firstLine));
  };
  for (const option of runOptions()) root.addOption(option);
  root
    .description('Checks every external dependency of a self-hosted Spacelift installation, based on its config.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', VARIABLES + AFTER)
    .enablePositionalOptions()
    .allowExcessArguments()
    .action(async (options: RunArguments) => {
      const [unknown] = root.args;
      if (unknown !== undefined) {
        const commands = root.commands.map((command) => command.name());
        const { unknownCommand } = await import('./unknown-command.ts');
        throw new InputError(unknownCommand(unknown, commands));
      }
      await check(options);
    });
  const checking = root
    .command('check')
    .description('run the checks, as without a command')
    .allowExcessArguments(false)
    .action(async (options: RunArguments) => {
      refuseOptions(root, 'check');
      await check(options);
    });
  for (const option of runOptions()) checking.addOption(option);
  const plan = root
    .command('plan')
    .description('show what a run would do, write and need permission for, without contacting anything')
    .allowExcessArguments(false)
    .action(async (options: PlanArguments) => {
      refuseOptions(root, 'plan');
      const { plan: print } = await import('./plan.ts');
      await print(host, options);
    });
  for (const option of planOptions()) plan.addOption(option);
  const cleanup = root
    .command('cleanup')
    .description('remove what a killed run left behind, and nothing else')
    .allowExcessArguments(false)
    .action(async (options: CleanupArguments) => {
      refuseOptions(root, 'cleanup');
      const { end, cleanup: execute } = await import('./cleanup.ts');
      endings.push(end);
      await logged(host, options, () => execute(host, options));
    });
  for (const option of cleanupOptions()) cleanup.addOption(option);
  const inCluster = root
    .command('run')
    .description('run the checks as each service, in a Pod or task like its own, and print one matrix')
    .addArgument(new Argument('<platform>', 'where Spacelift runs').choices(PLATFORMS))
    .allowExcessArguments(false)
    .action(async (platform: Platform, options: KubernetesArguments & EcsArguments, command: Command) => {
      refuseOptions(root, 'run');
      const given = command.options
        .filter((option) => command.getOptionValueSource(option.attributeName()) === 'cli')
        .flatMap(({ long }) => long ?? []);
      const foreign = foreignOption(platform, given);
      if (foreign !== undefined) throw new InputError(`run ${platform} does not support ${foreign}`);
      const { end, start } = await RUN[platform]();
      endings.push(end);
      await logged(host, options, () => start(host, options, given));
    });
  for (const option of platformOptions()) inCluster.addOption(option);
  const explain = root
    .command('explain')
    .description('explain a finding and how to fix it; without an ID, list all rules')
    .argument('[id]', 'ID of a rule, finding or check')
    .allowExcessArguments(false)
    .action(async (id: string | undefined, options: ExplainArguments) => {
      refuseOptions(root, 'explain');
      const { explain: print } = await import('./explain.ts');
      await print(host, id, options);
    });
  for (const option of explainOptions()) explain.addOption(option);
  const merge = root
    .command('merge')
    .description('merge the reports of several services into one matrix')
    .argument('<file...>', 'JSON reports, or logs with frames (-o frame); - reads standard input')
    .action(async (files: readonly string[], options: MergeArguments) => {
      refuseOptions(root, 'merge');
      const { merge: execute } = await import('./merge.ts');
      await execute(host, files, options);
    });
  for (const option of mergeOptions()) merge.addOption(option);
  const diff = root
    .command('diff')
    .description('show what changed between two JSON reports, or two matrices')
    .argument('<before>', 'the earlier report')
    .argument('<after>', 'the later report')
    .allowExcessArguments(false)
    .action(async (before: string, after: string, options: DiffArguments) => {
      refuseOptions(root, 'diff');
      const { diff: execute } = await import('./diff.ts');
      await execute(host, { before, after }, options);
    });
  for (const option of diffOptions()) diff.addOption(option);
  root
    .command('schema')
    .description('print the JSON Schema of the JSON report')
    .addArgument(new Argument('[document]', 'the document').choices(DOCUMENTS).default('report'))
    .allowExcessArguments(false)
    .action(async (document: DocumentName) => {
      refuseOptions(root, 'schema');
      const { schema } = await import('./schema.ts');
      await schema(host, document);
    });
  root
    .command('completion')
    .description('print a shell completion script')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .allowExcessArguments(false)
    .action(async (shell: Shell) => {
      refuseOptions(root, 'completion');
      const { completion } = await import('./completion.ts');
      await completion(host, shell, root);
    });
  root
    .command('version')
    .description('print the version')
    .allowExcessArguments(false)
    .action(() => {
      refuseOptions(root, 'version');
      host.stdout.write(`${VERSION}\n`);
    });
  const help = root.command('help').description('print this help, or that of a command').allowExcessArguments(false);
  help
    .addArgument(
      new Argument('[command]', 'the command').choices(root.commands.map((command) => command.name()).sort()),
    )
    .action((name: string | undefined) => {
      refuseOptions(root, 'help');
      (root.commands.find((command) => command.name() === name) ?? root).outputHelp();
    });
  root.hook('preAction', async (_, command) => {
    started.command = command;
    if (command !== root && command !== checking) firstLine.clear();
    if (command.options.length === 0 || (command === root && command.args.length > 0)) return;
    const { variables } = command.opts<{ variables?: boolean }>();
    if (variables !== false && Object.keys(host.env).some((name) => name.startsWith(OPTION_PREFIX))) {
      const { applyVariables } = await import('./variables.ts');
      applyVariables(command, [root, ...root.commands], host.env);
    }
    const { applyDecisions } = await import('./decisions.ts');
    await loaded();
    await applyDecisions(command);
    const { refuseOverwriting } = await import('./overwriting.ts');
    refuseOverwriting(command.opts());
  });
  // Afterward, because an error is one line.
  root.hook('postAction', async (_, command) => {
    const { sayDeprecated } = await import('./deprecated.ts');
    sayDeprecated(host, command.opts());
  });
  for (const command of root.commands) if (command.options.length > 0) command.addHelpText('after', VARIABLES);
  for (const command of [root, ...root.commands]) {
    command
      .exitOverride((error) => {
        throw refusedOption(error, command, root) ?? error;
      })
      .configureHelp({ optionDescription })
      .configureOutput({
        writeOut: (text) => {
          firstLine.clear();
          host.stdout.write(text);
        },
        writeErr: (text) => void host.stderr.write(text),
        // `main` prints it.
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

/** Options before a command's name belong to the run, and would be ignored. */
function refuseOptions(root: Command, command: string): void {
  const given = root.options.find((option) => root.getOptionValueSource(option.attributeName()) === 'cli');
  if (given === undefined) return;
  const own = root.commands.find((candidate) => candidate.name() === command)?.options ?? [];
  const belongs = own.some(({ long }) => long === given.long);
  throw new InputError(belongs ? `put ${given.long} after ${command}` : `${command} does not support ${given.long}`);
}

/** What is wrong with an option that Commander calls unknown, although there is one of this name. */
function refusedOption({ code, message }: CommanderError, command: Command, root: Command): InputError | undefined {
  const given = code === 'commander.unknownOption' ? /'([^'=]*)/.exec(message)?.[1] : undefined;
  if (given === undefined) return undefined;
  const isGiven = ({ long, short }: Option) => given === long || given === short;
  const own = command.options.find(isGiven);
  if (own !== undefined) return new InputError(`option '${own.long}' takes no value`);
  const other = root.options.find(isGiven);
  return other === undefined ? undefined : new InputError(`${command.name()} does not support ${other.long}`);
}

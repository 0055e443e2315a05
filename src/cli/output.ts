/** Where a report or a matrix goes: standard output, the files of `--report`, and the summary of a workflow step. */
import { describeRule } from '../app/rules.ts';
import { InputError } from '../config/entry.ts';
import { type Format, renderWith } from '../report/format.ts';
import type { FormatName } from '../report/format-names.ts';
import { PLAIN, type Style } from '../report/style.ts';
import { fail, notice } from './errors.ts';
import type { RunArguments } from './options.ts';
import { print } from './print.ts';
import { prepare, type Write } from './report-file.ts';
import { stepSummary } from './step-summary.ts';
import { styleOf } from './terminal.ts';

type Styled = Pick<RunArguments, 'quiet' | 'verbose' | 'color'>;

type Arguments<Name extends FormatName> = Styled & {
  readonly format: Name;
  readonly report?: readonly { readonly format: Name; readonly path: string }[];
};

/**
 * Writes the document, and why the exit code is 1 without a failure in it.
 * @param print to standard output, if not the whole document in the requested format
 */
export type Output<Document> = (
  document: Document,
  because: readonly string[],
  print?: (document: Document) => Promise<void>,
) => Promise<void>;

/**
 * Makes sure, before anything else happens, that the files can be written.
 * @throws InputError if they can't
 */
export function prepareOutput<Document, Name extends FormatName>(
  host: NodeJS.Process,
  args: Arguments<Name>,
  formats: Readonly<Record<NoInfer<Name> | 'markdown', Format<Document>>>,
): Output<Document> {
  const files = (args.report ?? []).map(({ format, path }) => ({ format, write: prepare(path) }));
  const summarize = stepSummary([args.format, ...files.map(({ format }) => format)], host.env);
  return async (document, because, print = (all) => printAs(host, args, formats[args.format], all)) => {
    await print(document);
    for (const { format, write } of files)
      await writeOrSay(host, write, await renderWith(document, formats[format], describeRule));
    if (summarize !== undefined) await writeOrSay(host, summarize, await renderWith(document, formats.markdown));
    for (const reason of because) notice(host, `exit code 1: ${reason}`);
  };
}

/** Prints the document to standard output. */
export async function printAs<Document>(
  host: NodeJS.Process,
  args: Styled,
  { load, styled, how }: Format<Document>,
  document: Document,
): Promise<void> {
  const render = await load();
  const style = styled ? await styleFor(host, args) : PLAIN;
  await print(host, await render(document, style, describeRule), how);
}

/** The style of what is printed to standard output for people. */
export const styleFor = (host: NodeJS.Process, { color, quiet, verbose }: Styled): Promise<Style> =>
  styleOf(host.stdout, host.env, {
    color,
    verbosity: quiet === true ? 'quiet' : verbose === true ? 'verbose' : 'normal',
  });

async function writeOrSay(host: NodeJS.Process, write: Write, text: string): Promise<void> {
  try {
    write(text);
  } catch (error) {
    const code = host.exitCode;
    await fail(host, error instanceof InputError ? error.message : 'cannot write the report');
    if (code !== 0) host.exitCode = code;
  }
}

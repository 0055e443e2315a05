/** Fits text into columns so that what is meant to be copied still can be. */
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

/** A fix that begins with one of these is a shell command. */
const SHELL =
  /^(aws|az|curl|dig|docker|gcloud|getent|gsutil|helm|kubectl|mc|mosquitto_\w+|nc|openssl|psql|spacelift-preflight|terraform|tofu) /;
/** Stands for a space that must not be broken at; escaped text can't hold it. */
const GLUE = '\u{e000}';
/** `code`, and the command that ends a sentence. */
const UNBROKEN = /`[^`]+`|(?<=; try: ).+$/g;

export const widthOf = (text: string): number => stringWidth(text);

export const padTo = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)));

/** Whether a fix is a command that a shell understands. */
export const isShell = (fix: string): boolean => SHELL.test(fix);

/** Cut to the width, with `end` in place of what is lost. */
export function cut(text: string, width: number, end: string): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (widthOf(kept + segment + end) > width) break;
    kept += segment;
  }
  return `${kept.trimEnd()}${end}`;
}

/** Lines of at most `width` columns, broken between words; a longer word stays whole. */
export function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => {
    const glued = line.replace(UNBROKEN, (part) => part.replaceAll(' ', GLUE));
    return wrapAnsi(glued, width).replaceAll(GLUE, ' ').split('\n');
  });
}

/** As `wrap`, but a shell command is continued with a backslash, so that it can be pasted as it stands. */
export function wrapFix(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => (SHELL.test(line) ? wrapCommand(line, width) : wrap(line, width)));
}

function wrapCommand(command: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const unit of unitsOf(command)) {
    const longer = line === '' ? unit : `${line} ${unit}`;
    if (line !== '' && widthOf(longer) > width - 2) {
      lines.push(`${line} \\`);
      line = `  ${unit}`;
    } else line = longer;
  }
  return [...lines, line];
}

/** The command's words, options with their values; quoted parts are never broken. */
function unitsOf(command: string): string[] {
  const words = command.match(/(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\]|['"\\].*$)+/g) ?? [command];
  const units: string[] = [];
  for (const word of words) {
    const last = units.at(-1);
    const belongs = last !== undefined && !word.startsWith('-') && /^-[^=]*$/.test(last);
    if (belongs) units[units.length - 1] = `${last} ${word}`;
    else units.push(word);
  }
  return units;
}

/** `kubectl` as a child process: the user's contexts, plugins for logging in, and proxies. Every call is bounded in time and output. */
import { spawn } from 'node:child_process';

/** Options that every call gets. */
export interface Connection {
  readonly namespace?: string | undefined;
  readonly context?: string | undefined;
  readonly kubeconfig?: string | undefined;
  /** The user to impersonate. */
  readonly as?: string | undefined;
}

/**
 * `missing`: no such program; `slow`: it did not end in time; `large`: it printed more than any cluster should;
 * `stopped`: the caller's signal ended it; `failed`: it says why.
 */
export type KubectlProblem = 'missing' | 'slow' | 'large' | 'stopped' | 'failed';

export class KubectlError extends Error {
  override readonly name = 'KubectlError';
  readonly kind: KubectlProblem;
  /** kubectl's own words, on one line; can be empty. */
  readonly words: string;
  /** For `slow`: how long it had, ms. */
  readonly limitMs: number;
  constructor(kind: KubectlProblem, words = '', limitMs = CALL_MS) {
    super(words);
    this.kind = kind;
    this.words = words;
    this.limitMs = limitMs;
  }
}

interface Call {
  /** For standard input. */
  readonly input?: string;
  /** Ends the program early; not for a call that creates or removes something. */
  readonly signal?: AbortSignal | undefined;
}

/** @throws KubectlError */
export type Kubectl = (args: readonly string[], call?: Call) => Promise<string>;

/** A request to the API server, which kubectl may repeat. */
const REQUEST_S = 20;
/** With a login by a plugin. */
const CALL_MS = 45_000;
const MIB = 1024 * 1024;
const MOST_OUTPUT = 32 * MIB;
const MOST_WORDS = 64 * 1024;

/**
 * @param env finds the program and its config, as in the caller's shell
 * @param callMs the time limit of a call, ms
 */
export function kubectlWith(
  connection: Connection,
  env: Readonly<Record<string, string | undefined>>,
  callMs = CALL_MS,
): Kubectl {
  const options = Object.entries(connection).flatMap(([name, value]) =>
    // With a `=`, a value can't become an option of its own.
    typeof value === 'string' ? [`--${name}=${value}`] : [],
  );
  return (args, { input = '', signal } = {}) =>
    new Promise((resolve, reject) => {
      const child = spawn('kubectl', [...args, ...options, `--request-timeout=${REQUEST_S}s`], {
        env,
        // In a group of its own: Ctrl-C in a terminal must not end the calls that remove what was created.
        detached: process.platform !== 'win32',
        windowsHide: true,
      });
      const [out, words] = [new Output(MOST_OUTPUT), new Output(MOST_WORDS)];
      let problem: KubectlProblem | undefined;
      const stop = (kind: KubectlProblem) => {
        problem ??= kind;
        kill(child.pid);
      };
      const timer = setTimeout(() => stop('slow'), callMs);
      const onAbort = () => stop('stopped');
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted) onAbort();
      const settle = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      child.stdout.on('data', (chunk: Buffer) => out.add(chunk) || stop('large'));
      child.stderr.on('data', (chunk: Buffer) => void words.add(chunk));
      // It may end before it has read everything.
      child.stdin.on('error', () => {});
      child.stdin.end(input);
      child.on('error', (error: NodeJS.ErrnoException) => {
        settle();
        reject(new KubectlError(error.code === 'ENOENT' ? 'missing' : 'failed', error.code));
      });
      child.on('close', (code) => {
        settle();
        if (problem === undefined && code === 0) resolve(out.text);
        else reject(new KubectlError(problem ?? 'failed', wordsIn(words.text), callMs));
      });
    });
}

/** Ends the program with the plugins that it started. */
function kill(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

class Output {
  readonly #most: number;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  constructor(most: number) {
    this.#most = most;
  }
  /** Whether there was room for it. */
  add(chunk: Buffer): boolean {
    this.#size += chunk.length;
    if (this.#size > this.#most) return false;
    this.#chunks.push(chunk);
    return true;
  }
  get text(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}

/** Lines of client-go's own log, and warnings about the manifest. */
const NOISE = /^(?:[EWIF]\d{4} |Warning: )/;

/** What kubectl says about an error, on one line. */
export function wordsIn(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const said = lines.filter((line) => !NOISE.test(line));
  return (said.length > 0 ? said : lines.slice(-1))
    .join(' ')
    .replace(/^error: /i, '')
    .replace(/^Error from server(?: \(\w+\))?: /, '')
    .replace(/^error when creating "STDIN": /, '');
}

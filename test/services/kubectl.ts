/**
 * A namespace of Kubernetes behind a program called `kubectl`: the options and words of the real one (1.34), RBAC per verb, quotas,
 * PodSecurity `restricted`, service accounts, and Pods whose status changes with each look at it.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { listIn, mapIn, nameOf, textIn } from '../../src/cluster/objects.ts';
import type { JsonMap } from '../../src/util/json.ts';
import { restrictedViolations } from '../support/pod-security.ts';

export const NAMESPACE = 'spacelift';
const USER = 'operator';

/** What becomes of a Pod: its statuses, one per look, of which the last stays; and its log. */
export interface Fate {
  readonly statuses: readonly JsonMap[];
  readonly log?: string;
  readonly events?: readonly string[];
}

export interface ClusterOptions {
  readonly deployments?: readonly JsonMap[];
  /** The names of the service accounts; `default` is always there. */
  readonly accounts?: readonly string[];
  /** By the label of the service. */
  fates(service: string, pod: JsonMap): Fate;
  /** `verb resource`, as in a Role, that RBAC refuses. */
  readonly denied?: readonly string[];
  /** Words with which an admission plugin refuses a Pod. */
  admit?(pod: JsonMap): string | undefined;
  /** The number of Pods that may run at once. */
  readonly quota?: number;
  /** Whether the server refuses the connection of a call. */
  broken?(args: readonly string[]): boolean;
  /** Is told of each call before it is answered. */
  called?(args: readonly string[]): void | Promise<void>;
}

export interface Cluster {
  /** For the process that calls kubectl. */
  readonly env: Readonly<Record<string, string>>;
  readonly calls: readonly (readonly string[])[];
  /** `Kind/name`, of everything that was created and is still there. */
  readonly objects: readonly string[];
  /** Everything that was ever created. */
  readonly created: readonly JsonMap[];
  /** Adds a Deployment, as an installation does. */
  install(deployment: JsonMap): void;
  /** Removes a Pod, as somebody else does. */
  drain(service: string): void;
  close(): Promise<void>;
}

interface Answer {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly code?: number;
}

/** Which options each command has here; a real one has more. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  get: ['selector', 'field-selector', 'output'],
  create: ['filename', 'validate', 'output'],
  logs: ['container'],
  delete: ['ignore-not-found', 'wait', 'grace-period', 'cascade'],
};
const GLOBAL = ['namespace', 'context', 'kubeconfig', 'as', 'request-timeout'];

/** The program: hands its arguments and input to the test, and prints what that responds. Starts faster than Node.js. */
const PROGRAM = (port: number) => `#!/bin/bash
input=$(cat)
exec 3<> /dev/tcp/127.0.0.1/${port}
printf '%s\\0' "$#" "$@" "$input" >&3
IFS= read -r -d '' code <&3
IFS= read -r -d '' words <&3
printf %s "$words" >&2
cat <&3
exit "$code"
`;

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const cluster = new Namespace(options);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    respond(socket, cluster);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const folder = await mkdtemp(join(tmpdir(), 'kubectl-'));
  const program = join(folder, 'kubectl');
  await writeFile(program, PROGRAM(port));
  await chmod(program, 0o755);
  return Object.assign(cluster, {
    env: { PATH: `${folder}${delimiter}${process.env.PATH ?? ''}` },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    },
  });
}

/** The number of arguments, the arguments and the input, each with a NUL behind it. */
function respond(socket: Socket, cluster: Namespace): void {
  let received = '';
  socket.setEncoding('utf8');
  socket.on('data', async (chunk: string) => {
    received += chunk;
    const [count = '', ...parts] = received.split('\0');
    if (parts.length < Number(count) + 2 || count === '') return;
    received = '';
    const answer = await cluster.answer(parts.slice(0, Number(count)), parts[Number(count)] ?? '');
    const { stdout = '', stderr = '', code = 0 } = answer;
    socket.end(`${code}\0${stderr}\0${stdout}`);
  });
}

class Namespace {
  readonly calls: (readonly string[])[] = [];
  readonly created: JsonMap[] = [];
  readonly #options: ClusterOptions;
  readonly #deployments: JsonMap[];
  #objects: JsonMap[] = [];
  readonly #looks = new Map<string, number>();

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#deployments = [...(options.deployments ?? [])];
  }

  get objects(): string[] {
    return this.#objects.map((object) => `${textIn(object, 'kind')}/${nameOf(object)}`);
  }

  install(deployment: JsonMap): void {
    this.#deployments.push(deployment);
  }

  drain(service: string): void {
    this.#objects = this.#objects.filter((object) => labelsOf(object)['spacelift-preflight/service'] !== service);
  }

  async answer(args: readonly string[], input: string): Promise<Answer> {
    this.calls.push(args);
    await this.#options.called?.(args);
    if (this.#options.broken?.(args))
      return failed(
        'The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?',
      );
    const [command = '', ...rest] = args;
    const options = new Map<string, string>();
    const words: string[] = [];
    for (const word of rest) {
      const [, name, value = 'true'] = /^--([a-z-]+)(?:=(.*))?$/s.exec(word) ?? [];
      if (name === undefined) words.push(word);
      else if (![...(OPTIONS[command] ?? []), ...GLOBAL].includes(name))
        return failed(`error: unknown flag: --${name}`);
      else options.set(name, value);
    }
    if ((options.get('context') ?? 'test') !== 'test')
      return failed(`error: context "${options.get('context')}" does not exist`);
    const isHere = (options.get('namespace') ?? NAMESPACE) === NAMESPACE;
    if (command === 'get') return this.#get(words[0] ?? '', options, isHere);
    if (command === 'create') return this.#create(JSON.parse(input), isHere);
    if (command === 'logs') return this.#logs(words[0] ?? '', options.get('container') ?? '');
    if (command === 'delete') return this.#delete(words[0] ?? '', words.slice(1));
    return failed(`error: unknown command "${command}" for "kubectl"`);
  }

  #denied(verb: string, resource: string): Answer | undefined {
    if (!this.#options.denied?.includes(`${verb} ${resource}`)) return undefined;
    const group = resource === 'deployments' ? 'apps' : resource === 'jobs' ? 'batch' : '';
    return forbidden(
      `${resource} is forbidden: User "${USER}" cannot ${verb} resource "${resource}" in API group "${group}" in the namespace "${NAMESPACE}"`,
    );
  }

  #get(resource: string, options: ReadonlyMap<string, string>, isHere: boolean): Answer {
    if (resource === 'namespaces')
      return listed(options.get('field-selector') === `metadata.name=${NAMESPACE}` ? [{ kind: 'Namespace' }] : []);
    const denied = this.#denied('list', resource);
    if (denied !== undefined) return denied;
    if (!isHere) return listed([]);
    if (resource === 'deployments')
      return listed(
        this.#deployments.map((object) => ({
          ...object,
          metadata: { namespace: NAMESPACE, ...mapIn(object, 'metadata') },
        })),
      );
    const selected = this.#objects.filter((object) => matches(labelsOf(object), options.get('selector') ?? ''));
    if (resource === 'pods') return listed(selected.filter(({ kind }) => kind === 'Pod').map((pod) => this.#look(pod)));
    if (resource === 'jobs') return listed(selected.filter(({ kind }) => kind === 'Job'));
    if (resource === 'serviceaccounts') return listed(selected.filter(({ kind }) => kind === 'ServiceAccount'));
    if (resource === 'events') return listed(this.#events(options.get('field-selector') ?? ''));
    return failed(`error: the server doesn't have a resource type "${resource}"`);
  }

  #look(pod: JsonMap): JsonMap {
    const seen = this.#looks.get(nameOf(pod)) ?? 0;
    this.#looks.set(nameOf(pod), seen + 1);
    return { ...pod, status: this.#statusOf(pod, seen) };
  }

  #statusOf(pod: JsonMap, look = (this.#looks.get(nameOf(pod)) ?? 1) - 1): JsonMap {
    const { statuses } = this.#fateOf(pod);
    return statuses[Math.min(look, statuses.length - 1)] ?? { phase: 'Pending' };
  }

  #fateOf(pod: JsonMap): Fate {
    return this.#options.fates(textIn(labelsOf(pod), 'spacelift-preflight/service') ?? '', pod);
  }

  #events(selector: string): JsonMap[] {
    const [, name] = /involvedObject\.name=([\w-]+)/.exec(selector) ?? [];
    const pod = this.#objects.find((object) => nameOf(object) === name);
    return (pod === undefined ? [] : (this.#fateOf(pod).events ?? [])).map((event) => {
      const [, reason = '', message = ''] = /^(\w+): (.*)$/s.exec(event) ?? [];
      return { kind: 'Event', type: 'Warning', reason, message, involvedObject: { kind: 'Pod', name: name ?? '' } };
    });
  }

  #create(object: JsonMap, isHere: boolean): Answer {
    const kind = textIn(object, 'kind') ?? '';
    const resource = { Pod: 'pods', Job: 'jobs', ServiceAccount: 'serviceaccounts' }[kind] ?? kind;
    const denied = this.#denied('create', resource);
    if (denied !== undefined) return during(denied);
    if (!isHere) return during({ stderr: 'Error from server (NotFound): namespaces "other" not found', code: 1 });
    const name = nameOf(object);
    if (this.#has(kind, name))
      return during({ stderr: `Error from server (AlreadyExists): ${resource} "${name}" already exists`, code: 1 });
    const refused = kind === 'Pod' ? this.#refusal(object) : undefined;
    if (refused !== undefined) return during(forbidden(`pods "${name}" is forbidden: ${refused}`));
    const made = { ...object, metadata: { ...mapIn(object, 'metadata'), namespace: NAMESPACE, uid: randomUUID() } };
    this.#objects.push(made);
    this.created.push(made);
    return { stdout: JSON.stringify(made) };
  }

  #has(kind: string, name: string): boolean {
    if (kind === 'ServiceAccount' && ['default', ...(this.#options.accounts ?? [])].includes(name)) return true;
    return this.#objects.some((object) => object.kind === kind && nameOf(object) === name);
  }

  #refusal(pod: JsonMap): string | undefined {
    const account = textIn(mapIn(pod, 'spec'), 'serviceAccountName') ?? 'default';
    if (!this.#has('ServiceAccount', account))
      return `error looking up service account ${NAMESPACE}/${account}: serviceaccount "${account}" not found`;
    const violations = restrictedViolations(pod);
    if (violations.length > 0) return `violates PodSecurity "restricted:latest": ${violations.join(', ')}`;
    const { quota, admit } = this.#options;
    const running = this.#objects.filter(
      (object) => object.kind === 'Pod' && !/Succeeded|Failed/.test(textIn(this.#statusOf(object), 'phase') ?? ''),
    ).length;
    if (quota !== undefined && running >= quota)
      return `exceeded quota: pods, requested: pods=1, used: pods=${running}, limited: pods=${quota}`;
    return admit?.(pod);
  }

  #logs(name: string, container: string): Answer {
    const denied = this.#denied('get', 'pods') ?? this.#denied('get', 'pods/log');
    if (denied !== undefined) return denied;
    const pod = this.#objects.find((object) => object.kind === 'Pod' && nameOf(object) === name);
    if (pod === undefined) return failed(`Error from server (NotFound): pods "${name}" not found`);
    if (!listIn(mapIn(pod, 'spec'), 'containers').some((one) => textIn(one, 'name') === container))
      return failed(`error: container ${container} is not valid for pod ${name}`);
    return { stdout: this.#fateOf(pod).log ?? '' };
  }

  #delete(resource: string, names: readonly string[]): Answer {
    const denied = this.#denied('delete', `${resource}s`);
    if (denied !== undefined) return denied;
    const kind = { pod: 'Pod', job: 'Job', serviceaccount: 'ServiceAccount' }[resource] ?? '';
    const gone = this.#objects.filter((object) => object.kind === kind && names.includes(nameOf(object)));
    const owned = (object: JsonMap) =>
      listIn(mapIn(object, 'metadata'), 'ownerReferences').some(({ uid }) =>
        gone.some((owner) => mapIn(owner, 'metadata').uid === uid),
      );
    this.#objects = this.#objects.filter((object) => !gone.includes(object) && !owned(object));
    return {};
  }
}

const labelsOf = (object: JsonMap): JsonMap => mapIn(mapIn(object, 'metadata'), 'labels');

/** `key=value` or `key`. */
function matches(labels: JsonMap, selector: string): boolean {
  if (selector === '') return true;
  const [key = '', value] = selector.split('=');
  return value === undefined ? Object.hasOwn(labels, key) : labels[key] === value;
}

const listed = (items: readonly JsonMap[]): Answer => ({
  stdout: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
});
const failed = (stderr: string): Answer => ({ stderr: `${stderr}\n`, code: 1 });
const forbidden = (words: string): Answer => failed(`Error from server (Forbidden): ${words}`);
/** `kubectl create -f -` says what it was doing. */
const during = ({ stderr = '', code = 1 }: Answer): Answer => ({
  stderr: stderr.replace(/^(Error from server \(\w+\): )/, '$1error when creating "STDIN": '),
  code,
});

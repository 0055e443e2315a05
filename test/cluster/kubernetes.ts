/** Kubernetes, built from its Go module: no package has its servers in a version of today. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../build/run.ts';
import type { Way } from '../peers/ways.ts';

const COMMANDS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl', 'kubelet'] as const;

export type KubernetesCommand = (typeof COMMANDS)[number];

// Without C; without a workspace, so that the versions are those of the module.
const GO = { CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '' };

/**
 * All commands of one version by one build, for which the program is any of them: a module's `replace` does not reach
 * those who depend on it, so that the wrapper repeats them, with the published modules in place of folders.
 * It takes some 13 minutes of one processor, and 2 GB of memory.
 */
export const kubernetes = (version: string): Way => ({
  lane: 'go',
  version: () => version,
  build: async (directory) => {
    const source = join(directory, 'source');
    await mkdir(source);
    const module = `k8s.io/kubernetes@${version}`;
    const { Dir } = JSON.parse(await run('go', ['mod', 'download', '-json', module], source, GO)) as { Dir: string };
    const theirs = await readFile(join(Dir, 'go.mod'), 'utf8');
    const wrapper = theirs
      .replace(/^module .*$/m, 'module wrapper')
      .replaceAll(/=> \.\/staging\/src\/(\S+)/g, `=> $1 ${version.replace('v1.', 'v0.')}`);
    await writeFile(join(source, 'go.mod'), `${wrapper}\nrequire k8s.io/kubernetes ${version}\n`);
    await writeFile(join(source, 'go.sum'), await readFile(join(Dir, 'go.sum')));
    const linked = `-s -w -X k8s.io/component-base/version.gitVersion=${version}`;
    const flags = ['-mod=mod', '-trimpath', '-ldflags', linked, '-o', `${directory}/`];
    await run('go', ['build', ...flags, ...COMMANDS.map((name) => `k8s.io/kubernetes/cmd/${name}`)], source, GO);
    await rm(source, { recursive: true });
  },
  program: (directory) => ({ command: join(directory, 'kube-apiserver'), args: [], env: {} }),
});

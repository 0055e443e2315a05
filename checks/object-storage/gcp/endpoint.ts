/** The server that stands for Cloud Storage: Google's own, or an emulator. */

import { mustBeAllowed, partyAt } from '../../../src/clouds/credentials.ts';
import { WITHHELD } from '../../../src/config/credentials-options.ts';
import type { Run } from '../../../src/engine/check.ts';
import { cause } from '../../../src/outcome/cause.ts';
import { advice } from '../../../src/outcome/fix.ts';
import { CheckStopped, fail, skip } from '../../../src/outcome/outcome.ts';

export const EMULATOR = 'STORAGE_EMULATOR_HOST';
const UNIVERSE = 'GOOGLE_CLOUD_UNIVERSE_DOMAIN';

/**
 * The emulator that Google's clients use instead of Google. If only the config names it, it must be allowed.
 * @throws CheckStopped when it is not an address, or not allowed
 */
export function emulatorOf(run: Run): URL | undefined {
  const held = run.deployment.setting(EMULATOR);
  if (held === undefined || held.value === '') return undefined;
  const text = /^https?:\/\//.test(held.value) ? held.value : `http://${held.value}`;
  if (!URL.canParse(text)) {
    throw new CheckStopped(
      fail(`${EMULATOR} is not a server address`, {
        expected: 'host:port, or an http:// or https:// URL',
        fix: advice`correct ${EMULATOR}, or unset it to use Google’s own endpoint`,
        evidence: { variable: EMULATOR },
        cause: cause.variable(EMULATOR),
      }),
    );
  }
  const url = new URL(text);
  mustBeAllowed(run, 'process', { url, party: partyAt(run.deployment, held, [EMULATOR]), setting: EMULATOR });
  return url;
}

/** Another cloud built by Google has other hosts, which this check does not contact. @throws CheckStopped */
export function mustBeGoogles({ deployment: { setting } }: Run): void {
  const held = setting(UNIVERSE);
  if (held === undefined || held.party === 'process' || ['', 'googleapis.com'].includes(held.value)) return;
  throw new CheckStopped(
    skip(`${UNIVERSE} names a cloud other than Google’s; your credentials were not sent to it`, {
      detail: 'This check supports only Google’s own Cloud Storage.',
      fix: advice`unset ${UNIVERSE} if the buckets are in Google Cloud`,
      evidence: { reason: WITHHELD, variable: UNIVERSE, host: held.value },
      withheldFrom: held.value,
      cause: cause.withheld(UNIVERSE),
    }),
  );
}

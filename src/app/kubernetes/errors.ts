/** Why a run in a cluster can't start, on one line. */

import type { Connection, KubectlError } from '../../cluster/kubectl.ts';
import { forbiddenIn } from '../../cluster/refusal.ts';
import { CLUSTER_ACCESS, inWords } from '../../cluster/role.ts';
import { InputError } from '../../config/input-error.ts';
import { shown } from '../../config/sources/quote.ts';

/** In characters: the words of a server. */
const LONGEST = 300;

const KINDS: readonly { readonly says: RegExp; line(connection: Connection): string }[] = [
  {
    says: /context "[^"]*" does not exist|context was not found for specified context/,
    line: ({ context }) => `kubectl has no context ${shown(context ?? '')}; see kubectl config get-contexts`,
  },
  {
    says: /namespaces "[^"]*" not found/,
    line: ({ namespace }) =>
      namespace === undefined
        ? 'the namespace of the context does not exist; name another one with -n'
        : `namespace ${shown(namespace)} does not exist`,
  },
  {
    says: /must be logged in|Unauthorized|getting credentials: /,
    line: () => 'kubectl is not logged in to the cluster; test it with kubectl get deployments',
  },
];

/** For an error of kubectl that concerns the whole run. */
export function unusable({ kind, words, limitMs }: KubectlError, connection: Connection): InputError {
  if (kind === 'missing')
    return new InputError(
      'kubectl was not found in the PATH; install it, or use merge with reports that a Job printed',
    );
  const said = words === '' ? '' : `: ${shown(words, LONGEST)}`;
  if (kind === 'slow') return new InputError(`kubectl did not respond within ${limitMs / 1000} s${said}`);
  if (kind === 'large')
    return new InputError('kubectl printed more than 32 MiB; expected the objects of one namespace');
  const forbidden = forbiddenIn(words);
  if (forbidden !== undefined) {
    const { user, verb, resource } = forbidden;
    const where = connection.namespace === undefined ? '' : ` in namespace ${shown(connection.namespace)}`;
    return new InputError(
      `${shown(user)} is not allowed to ${verb} ${shown(resource)}${where}; the run needs there: ${inWords(CLUSTER_ACCESS.rules)}`,
    );
  }
  const known = KINDS.find(({ says }) => says.test(words));
  return new InputError(known?.line(connection) ?? `kubectl failed${said}`);
}

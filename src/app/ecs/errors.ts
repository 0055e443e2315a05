/** Why a run on ECS can't start, on one line. */

import type { AwsError } from '../../clouds/aws/call.ts';
import { denialIn } from '../../clouds/aws/denial.ts';
import { CredentialError, credentialIssue } from '../../clouds/aws/errors.ts';
import { actionsInWords, ECS_ACCESS } from '../../cluster/ecs/access.ts';
import { clusterName } from '../../cluster/ecs/names.ts';
import type { EcsError } from '../../cluster/ecs/requests.ts';
import { InputError } from '../../config/input-error.ts';
import { shown } from '../../config/sources/quote.ts';
import { NetworkError } from '../../net/network-error.ts';
import { routeMessages } from '../../net/proxy-tunnel.ts';
import { CheckStopped } from '../../outcome/outcome.ts';

export interface Where {
  readonly cluster: string;
  readonly region: string;
}

/** In characters: the words of a server. */
const LONGEST = 300;

/** For an error that concerns the whole run. */
export function unusable(error: EcsError, { cluster, region }: Where): InputError {
  const { reason, target } = error;
  if (reason instanceof CheckStopped) return new InputError(reason.outcome.title);
  if (reason instanceof CredentialError) {
    const { title } = credentialIssue(reason.kind, reason.facts);
    return new InputError(`${title}; test yours with aws sts get-caller-identity`);
  }
  if (reason instanceof NetworkError) return new InputError(routeMessages(reason, target).title);
  if (reason.kind === 'denied') return new InputError(denied(error, reason));
  if (reason.code === 'ClusterNotFoundException')
    return new InputError(`cluster ${shown(clusterName(cluster))} does not exist in ${region}`);
  return new InputError(`${target.what} refused ${error.action}: ${wordsOf(reason)}`);
}

/** What AWS says about an error, on one line. */
export function wordsOf({ kind, code, status, said }: AwsError): string {
  const words = [code ?? (status === undefined ? kind : `HTTP ${status}`), said].filter((word) => word !== '');
  return shown(words.join(': '), LONGEST);
}

function denied({ action }: EcsError, { said }: AwsError): string {
  // iam:PassRole is refused in the response to another action.
  const [, named = action, resource] =
    /not authorized to perform: ([\w-]+:\w+)(?: on resource: (\S+))?/.exec(said) ?? [];
  const { principal, explicit } = denialIn(said);
  const who = principal?.split(':').slice(5).join(':') || principal || 'the caller';
  const on = resource === undefined ? '' : ` on ${shown(resource, LONGEST)}`;
  const because = explicit ? ', because a policy denies it' : '';
  return `${shown(who)} lacks ${named}${on}${because}; a run needs: ${actionsInWords(ECS_ACCESS)}`;
}

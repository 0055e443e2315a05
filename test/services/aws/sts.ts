/** STS: who the credentials are. Needs no permission, and none can take it away (STS API reference). */
import { userArn } from '../s3/policy.ts';
import { accountOf } from './authorize.ts';
import type { Operation } from './call.ts';

export const sts: Record<string, Operation> = {
  GetCallerIdentity({ user }) {
    const arn = userArn(user);
    const session = /:assumed-role\/[^/]+\/(.+)$/.exec(arn)?.[1];
    const id = user.accessKeyId.replace(/^(AKIA|ASIA)/, session === undefined ? 'AIDA' : 'AROA');
    const result = { UserId: session === undefined ? id : `${id}:${session}`, Account: accountOf(user), Arn: arn };
    return { root: 'GetCallerIdentity', result };
  },
};

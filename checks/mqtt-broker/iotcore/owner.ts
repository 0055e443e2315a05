/** The account that the endpoint belongs to: AWS assigns one to each account in each region. */

import { ask } from '../../../src/clouds/aws/call.ts';
import { explainedByAccount } from '../../../src/clouds/aws/caller.ts';
import { regionCause } from '../../../src/clouds/aws/messages.ts';
import type { Run } from '../../../src/engine/check.ts';
import { oncePerRun } from '../../../src/engine/once-per-run.ts';
import { cause } from '../../../src/outcome/cause.ts';
import { advice, setting } from '../../../src/outcome/fix.ts';
import { CheckStopped, fail, type Issue, type Outcome, pass, skip, warn } from '../../../src/outcome/outcome.ts';
import { ENDPOINT } from '../endpoint.ts';
import { mqttFinding } from '../rules.ts';
import { openControl, unread } from './clients.ts';
import { describeEndpoint, iotEndpoint } from './endpoint.ts';

const PUBLISH = cause.finding(mqttFinding('iotcore/publish'));
const ACTION = 'iot:DescribeEndpoint';

/** The failure if the endpoint's name contains another region; requests to it are signed for AWS_REGION. */
export function otherRegion(run: Run): Issue | undefined {
  const { host, region } = iotEndpoint(run);
  const configured = run.require('AWS_REGION');
  if (region === undefined || region === configured) return undefined;
  return fail(`${ENDPOINT} is in ${region}, but AWS_REGION is ${configured}`, {
    expected: `the account’s endpoint in ${configured}, the region of its topic rules and queues`,
    fix: describeEndpoint(
      configured,
      `or set AWS_REGION and AWS_DEFAULT_REGION to ${region}, if the installation is there`,
    ),
    evidence: { endpoint: host, region, AWS_REGION: configured },
    cause: regionCause(configured, region),
  });
}

/** The account's endpoint in AWS_REGION. @throws CredentialError, AwsError, NetworkError */
const ownEndpoint = oncePerRun(async (run): Promise<string> => {
  const { client } = await openControl(run);
  const { DescribeEndpointCommand } = await import('@aws-sdk/client-iot');
  const command = new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' });
  const { endpointAddress = '' } = await ask(run, client, (how) => client.send(command, how));
  return endpointAddress.toLowerCase();
});

/** The failure if the endpoint belongs to another account, as far as these credentials are allowed to check. */
export async function foreignEndpoint(run: Run): Promise<Issue | undefined> {
  const { region } = iotEndpoint(run);
  if (region === undefined || run.deployment.service !== undefined) return undefined;
  try {
    return await foreign(run, await ownEndpoint(run));
  } catch {
    run.signal.throwIfAborted();
    return undefined;
  }
}

async function foreign(run: Run, own: string): Promise<Issue | undefined> {
  const { host, instead } = iotEndpoint(run);
  if (host === own || instead === own) return undefined;
  const wrongAccount = await explainedByAccount(run);
  if (wrongAccount !== undefined) return wrongAccount;
  return fail(`${host} does not belong to account ${run.require('AWS_ACCOUNT_ID')}`, {
    expected: own,
    fix: setting(ENDPOINT, own),
    evidence: { endpoint: host, own, region: run.require('AWS_REGION') },
    cause: cause.finding(mqttFinding('iotcore/endpoint')),
  });
}

/** @param publishing the result of publishing, which is the only test of a custom domain */
export async function checkOwner(run: Run, publishing: () => Promise<Outcome>): Promise<Outcome> {
  const { host, region, instead } = iotEndpoint(run);
  const { service } = run.deployment;
  const elsewhere = otherRegion(run);
  if (elsewhere !== undefined) return elsewhere;
  if (region === undefined) return byPublishing(host, await publishing());
  if (service !== undefined) {
    return skip(`${host} is in ${region}; its account was not checked`, {
      detail: `The ${service}’s role does not have ${ACTION}.`,
      fix: advice`run this tool without --service, with an operator’s credentials`,
      evidence: { endpoint: host, region },
    });
  }
  let own: string;
  try {
    own = await ownEndpoint(run);
  } catch (error) {
    return unread(run, error, {
      title: `${host} is in ${region}; its account could not be determined`,
      action: ACTION,
      resource: '*',
    });
  }
  const issue = await foreign(run, own);
  if (issue !== undefined) return issue;
  if (instead === undefined)
    return pass(`${host} belongs to this account, in ${region}`, { evidence: { endpoint: host } });
  const outcome = await publishing();
  if (outcome.status === 'fail') throw new CheckStopped({ ...outcome, cause: outcome.cause ?? PUBLISH });
  return warn(`${host} is this account’s legacy endpoint, with a certificate that few systems still trust`, {
    detail: 'Symantec issued it, and most systems have removed Symantec’s certificate authorities (CAs).',
    expected: 'the endpoint with a certificate from Amazon: iot:Data-ATS',
    fix: setting(ENDPOINT, own),
    evidence: { endpoint: host, own },
  });
}

/** A custom domain is correct if it accepts messages with these credentials. */
function byPublishing(host: string, outcome: Outcome): Outcome {
  if (outcome.status === 'fail') throw new CheckStopped({ ...outcome, cause: outcome.cause ?? PUBLISH });
  if (outcome.status === 'skip') throw new CheckStopped(outcome);
  if (outcome.status === 'warn') return skip(`the account of ${host} could not be checked: publishing was not tested`);
  return pass(`${host} accepts this account’s messages`, {
    detail: 'It is a custom domain or a VPC endpoint.',
    evidence: { endpoint: host, custom: true },
  });
}

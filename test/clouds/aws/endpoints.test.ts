/** Domains of AWS, as its own SDK has them for every partition. */
import { IoTClient } from '@aws-sdk/client-iot';
import { describe, expect, test } from 'vitest';
import { dnsSuffix, isAwsHost } from '../../../src/clouds/aws/endpoints.ts';

const REGIONS: Readonly<Record<string, string>> = {
  aws: 'eu-west-1',
  'aws-us-gov': 'us-gov-west-1',
  'aws-cn': 'cn-north-1',
  'aws-iso': 'us-iso-east-1',
  'aws-iso-b': 'us-isob-east-1',
  'aws-iso-e': 'eu-isoe-west-1',
  'aws-iso-f': 'us-isof-south-1',
  'aws-eusc': 'eusc-de-east-1',
};

describe.each(Object.entries(REGIONS))('%s', (partition, region) => {
  test.each([false, true])('with IPv6: %s', async (dualStack) => {
    const { endpointProvider } = new IoTClient({ region }).config;
    const { url } = endpointProvider({ Region: region, UseFIPS: false, UseDualStack: dualStack });
    expect(url.hostname).toBe(`iot.${region}.${dnsSuffix(partition, { dualStack })}`);
    expect(isAwsHost('IOT', url.hostname)).toBe(true);
  });
});

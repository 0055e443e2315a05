import { describe, expect, test } from 'vitest';
import { readIotEndpoint } from '../../../checks/mqtt-broker/iotcore/endpoint.ts';

const ID = 'a1b2c3d4e5f6g7';

describe('a well-formed endpoint', () => {
  test.each([
    [`${ID}-ats.iot.eu-west-1.amazonaws.com`, { region: 'eu-west-1', instead: undefined }],
    [`${ID}-ats.iot.us-gov-west-1.amazonaws.com`, { region: 'us-gov-west-1', instead: undefined }],
    [`${ID}.ats.iot.cn-north-1.amazonaws.com.cn`, { region: 'cn-north-1', instead: undefined }],
    [`${ID.toUpperCase()}-ATS.iot.eu-west-1.amazonaws.com.`, { host: `${ID}-ats.iot.eu-west-1.amazonaws.com` }],
    [`${ID}.iot.eu-west-1.amazonaws.com`, { region: 'eu-west-1', instead: `${ID}-ats.iot.eu-west-1.amazonaws.com` }],
    [
      `${ID}.iot.cn-north-1.amazonaws.com.cn`,
      { region: 'cn-north-1', instead: `${ID}.ats.iot.cn-north-1.amazonaws.com.cn` },
    ],
    [`${ID}.credentials.iot.eu-west-1.amazonaws.com`, { region: 'eu-west-1', instead: undefined }],
    ['vpce-0a1b2c-x.data.iot.eu-west-1.vpce.amazonaws.com', { region: undefined }],
    ['data.iot-fips.us-east-1.amazonaws.com', { region: undefined }],
    ['mqtt.spacelift.corp.io', { host: 'mqtt.spacelift.corp.io', region: undefined, instead: undefined }],
  ])('%s', (value, endpoint) => {
    expect(readIotEndpoint(value, 'eu-west-1')).toMatchObject(endpoint);
  });
});

describe('a malformed endpoint is named, with what to write instead', () => {
  const host = `${ID}-ats.iot.eu-west-1.amazonaws.com`;
  test.each([
    [`https://${host}`, 'starts with https://', host],
    [`mqtts://${host}:8883`, 'starts with mqtts://', host],
    [`tls://${host}`, 'starts with tls://', host],
    [`wss://${host}/mqtt`, 'starts with wss://', host],
    [`${host}/`, 'has a path', host],
    [`${host}:443`, 'has a port', host],
    [`${host}:8883`, 'has a port', host],
    [`${host}:`, 'has a port', host],
    [`"${host}"`, 'contains the quotes around its value', host],
    [` ${host}`, 'contains whitespace', host],
    ['<id>-ats.iot.<region>.amazonaws.com', 'placeholder', undefined],
    ['CHANGEME', 'placeholder', undefined],
    ['iot..amazonaws.com', 'is not a host name', undefined],
    [`user:password@${host}`, 'a user name or password', undefined],
  ])('%j', (value, says, instead) => {
    const found = readIotEndpoint(value, 'eu-west-1');
    expect(found).toMatchObject({
      status: 'fail',
      title: expect.stringContaining(says),
      expected: expect.stringContaining('<id>-ats.iot.<region>.amazonaws.com'),
      fix: {
        text:
          instead === undefined
            ? '# set MQTT_BROKER_ENDPOINT to the output\naws iot describe-endpoint --endpoint-type iot:Data-ATS --query endpointAddress --output text --region eu-west-1'
            : `set MQTT_BROKER_ENDPOINT=${instead}`,
      },
    });
    expect(JSON.stringify(found)).not.toContain('user:password');
    if (instead !== undefined) expect(readIotEndpoint(instead, undefined)).not.toHaveProperty('status');
  });
});

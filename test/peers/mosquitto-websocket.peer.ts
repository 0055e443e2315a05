/** MQTT over WebSocket by a broker that others wrote; who may connect is AWS's own affair, which it does not judge. */
import { expect, onTestFinished, test } from 'vitest';
import { mqttBroker } from '../../checks/mqtt-broker/index.ts';
import { ONPREM } from '../support/onprem.ts';
import { preflight } from '../support/preflight.ts';
import { startMosquitto } from './mosquitto.ts';

const ROUND_TRIP = 'mqtt-broker/iotcore/round-trip';
const VARIABLES = {
  ...ONPREM,
  MESSAGE_QUEUE_TYPE: 'sqs',
  MQTT_BROKER_TYPE: 'iotcore',
  MQTT_BROKER_ENDPOINT: 'a1b2c3d4-ats.iot.eu-central-1.amazonaws.com',
  AWS_ACCOUNT_ID: '123456789012',
  AWS_REGION: 'eu-central-1',
  AWS_DEFAULT_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'AKIAOPERATOROPERATOR',
  AWS_SECRET_ACCESS_KEY: 'a-long-secret-of-the-operator',
};

async function roundTrip(settings: readonly string[]) {
  const broker = await startMosquitto({ settings });
  onTestFinished(broker.stop);
  const environment = { AWS_ENDPOINT_URL_IOT_DATA_PLANE: `http://${broker.webSocket}` };
  return preflight([mqttBroker], VARIABLES, { only: [ROUND_TRIP], environment });
}

test('a message goes there and back', async () => {
  const result = await roundTrip(['allow_anonymous true']);
  expect(result.finding(ROUND_TRIP)).toMatchObject({ status: 'pass' });
});

test('a broker that does not allow public access is no pass', async () => {
  const result = await roundTrip(['allow_anonymous false']);
  expect(result.finding(ROUND_TRIP).status).not.toBe('pass');
});

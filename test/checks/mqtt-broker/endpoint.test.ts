import { describe, expect, test } from 'vitest';
import { readEndpoint } from '../../../checks/mqtt-broker/endpoint.ts';

describe('a well-formed endpoint', () => {
  test.each([
    ['mqtt.spacelift.internal:1984', { tls: false, host: 'mqtt.spacelift.internal', port: 1984 }],
    ['tls://mqtt.example.org:443', { tls: true, host: 'mqtt.example.org', port: 443 }],
    ['spacelift-mqtt:1984', { tls: false, host: 'spacelift-mqtt', port: 1984 }],
    ['spacelift_mqtt.spacelift.svc.cluster.local.:1984', { tls: false, port: 1984 }],
    ['127.0.0.1:65535', { tls: false, host: '127.0.0.1', port: 65_535 }],
    ['[::1]:1984', { tls: false, host: '[::1]', port: 1984, at: '[::1]:1984' }],
    ['tls://[fd00::1]:1', { tls: true, host: '[fd00::1]', port: 1 }],
    ['localhost:1883', { port: 1883 }],
    ['mqtt.example.org:19830', { port: 19_830 }],
  ])('%s', (value, endpoint) => {
    expect(readEndpoint(value)).toMatchObject(endpoint);
  });
});

describe('a malformed endpoint is named, with what to write instead', () => {
  test.each([
    ['mqtt://mqtt.internal:1984', 'starts with mqtt://', 'mqtt.internal:1984'],
    ['tcp://mqtt.internal', 'starts with tcp://', 'mqtt.internal:1984'],
    ['ssl://mqtt.internal:8883', 'starts with ssl://', 'tls://mqtt.internal:8883'],
    ['mqtts://mqtt.internal:8883', 'starts with mqtts://', 'tls://mqtt.internal:8883'],
    ['TLS://mqtt.internal:8883', 'starts with TLS://', 'tls://mqtt.internal:8883'],
    ['http://mqtt.internal:1983', 'starts with http://', 'mqtt.internal:1984'],
    ['https://mqtt.internal/', 'starts with https://', 'mqtt.internal:1984'],
    ['wss://mqtt.internal/mqtt', 'starts with wss://', 'mqtt.internal:1984'],
    ['mqtt.internal', 'does not have a port', 'mqtt.internal:1984'],
    ['tls://mqtt.internal', 'does not have a port', 'tls://mqtt.internal:1984'],
    ['mqtt.internal:', 'does not have a port', 'mqtt.internal:1984'],
    ['mqtt.internal:1984/mqtt', 'has a path', 'mqtt.internal:1984'],
    ['mqtt.internal:1984/', 'has a path', 'mqtt.internal:1984'],
    ['mqtt.internal:1984?tls=true', 'has a path', 'mqtt.internal:1984'],
    [' mqtt.internal:1984', 'contains whitespace', 'mqtt.internal:1984'],
    ['mqtt.internal: 1984', 'contains whitespace', 'mqtt.internal:1984'],
    ['mqtt.internal:1984\n', 'contains whitespace', 'mqtt.internal:1984'],
    ['"mqtt.internal:1984"', 'contains the quotes around its value', 'mqtt.internal:1984'],
    ['::1:1984', 'IPv6 address without brackets', '[::1]:1984'],
    ['fd00::1:2:1984', 'IPv6 address without brackets', '[fd00::1:2]:1984'],
    ['mqtt.internal:mqtt', 'does not have a valid port', undefined],
    ['mqtt.internal:0', 'does not have a valid port', undefined],
    ['mqtt.internal:65536', 'does not have a valid port', undefined],
    ['mqtt.internal:-1', 'does not have a valid port', undefined],
    ['mqtt.internal:1984:1984', 'without brackets', undefined],
    [':1984', 'does not have a valid host', undefined],
    ['mqtt..internal:1984', 'does not have a valid host', undefined],
    ['[nonsense]:1984', 'does not have a valid host', undefined],
    ['mqtt,internal:1984', 'does not have a valid host', undefined],
    ['mqtt.internal:1983', 'uses port 1983', 'mqtt.internal:1984'],
    ['tls://mqtt.internal:1983', 'uses port 1983', 'tls://mqtt.internal:1984'],
    ['<hostname>:<port>', 'placeholder', undefined],
    ['${MQTT_HOST}:1984', 'placeholder', undefined],
    ['CHANGEME', 'placeholder', undefined],
  ])('%j', (value, says, instead) => {
    const found = readEndpoint(value);
    // A shell would take brackets for a pattern.
    const written = instead?.includes('[') ? `'${instead}'` : instead;
    expect(found).toMatchObject({
      status: 'fail',
      title: expect.stringContaining(says),
      expected: expect.stringContaining('host:port or tls://host:port'),
      fix: { text: `set MQTT_BROKER_ENDPOINT=${written ?? '<host that workers can reach>:1984'}` },
    });
    if (instead !== undefined) expect(readEndpoint(instead)).not.toHaveProperty('status');
  });

  test('never quotes a password', () => {
    expect(JSON.stringify(readEndpoint('mqtt://worker:hunter22@mqtt.internal:1984'))).not.toContain('hunter');
  });
});

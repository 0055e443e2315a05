import { expect, test } from 'vitest';
import { connectPacket, readConnack } from '../../src/net/mqtt.ts';

test('a CONNECT is what the standards say, byte by byte', () => {
  const text = (packet: Buffer) => packet.toString('latin1');
  expect(text(connectPacket('me', 4))).toBe('\x10\x0e\x00\x04MQTT\x04\x02\x00\x0a\x00\x02me');
  expect(text(connectPacket('me', 5))).toBe('\x10\x0f\x00\x04MQTT\x05\x02\x00\x0a\x00\x00\x02me');
});

test.each([
  ['20020000', { code: 0, version: '3.1.1' }],
  ['20020005', { code: 5, version: '3.1.1' }],
  ['20020100', { code: 0, version: '3.1.1' }],
  ['2003008400', { code: 0x84, version: '5' }],
  ['20060000032100 14', { code: 0, version: '5' }],
  ['2080010087', { code: 0x87, version: '5' }],
  ['', 'incomplete'],
  ['20', 'incomplete'],
  ['2002', 'incomplete'],
  ['200200', 'incomplete'],
  ['208001', 'incomplete'],
  ['2000', 'other'],
  ['20020200', 'other'],
  ['d000', 'other'],
  ['20202020', 'other'],
  ['485454502f', 'other'],
] as const)('a CONNACK is told from anything else: %s', (hex, answer) => {
  expect(readConnack(Buffer.from(hex.replaceAll(' ', ''), 'hex'))).toEqual(answer);
});

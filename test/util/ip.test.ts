import * as net from 'node:net';
import { expect, it } from 'vitest';
import { isIP, isIPv6 } from '../../src/util/ip.ts';

it.each([
  ...['127.0.0.1', '255.255.255.255', '256.0.0.1', '1.2.3', '01.2.3.4', '1.2.3.4 ', '127.0.0.1:80'],
  ...['::', '::1', '::ffff:1.2.3.4', 'fe80::1%eth0', '1::2::3', '2001:db8::g', '[::1]', ':', '%eth0'],
  ...['', 'localhost', 'spacelift.example.com', 'cafe', '0'],
])('the version of %j is the one that Node finds', (text) => {
  expect([isIP(text), isIPv6(text)]).toEqual([net.isIP(text), net.isIPv6(text)]);
});

import { expect, test } from 'vitest';
import { parseGoDuration } from '../../src/config/go-duration.ts';
import { expectLinear } from '../support/growth.ts';

/** Each text with what `time.ParseDuration` of Go 1.26 makes of it, in nanoseconds. */
test.each([
  ['0', 0n],
  ['-0', 0n],
  ['30s', 30_000_000_000n],
  ['2m', 120_000_000_000n],
  ['+1h2m3.5s', 3_723_500_000_000n],
  ['-1.5h', -5_400_000_000_000n],
  ['5.s', 5_000_000_000n],
  ['.5s', 500_000_000n],
  ['1us1µs1μs', 3_000n],
  ['0.1ns', 0n],
  ['0.9223372036854775808h', 3_320_413_933_267n],
  ['9223372036854775807ns', 9_223_372_036_854_775_807n],
  ['-9223372036854775808ns', -9_223_372_036_854_775_808n],
  // An overflow of Go's own.
  ['9223372036854775808ns9223372036854775808ns', 0n],
])('%s', (text, nanoseconds) => {
  expect(parseGoDuration(text)).toBe(nanoseconds);
});

test.each([
  ...['', '+', '-', '30', '1.5', '.', '.s', 's', '1', '-+1s', '--1s', '1S', '1d', '1 s', ' 1s', '1s ', '1s\n', '1_0s'],
  ...['1.2.3s', '1e3s', '٣s', '9223372036854775808ns', '2562048h', '99999999999999999999ns', 'ten seconds', '1s1'],
])('not %j', (text) => {
  expect(parseGoDuration(text)).toBeUndefined();
});

test.each(['1', '0', '.1', '1s', '1m.5s'])('reads %j, however often, in linear time', async (part) => {
  await expectLinear((size) => parseGoDuration(part.repeat(size)), 50_000);
});

/** Durations as Go's `time.ParseDuration` reads them, with its limits and its rounding. */

/** Nanoseconds. The micro sign and the Greek letter look the same; Go accepts both. */
const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['\u00b5s', 1_000n],
  ['\u03bcs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);
const PART = /(\d*)(?:\.(\d*))?([^\d.]+)/y;
const LIMIT = 1n << 63n;
/** Go ignores the digits of a fraction after the first that does not fit into 63 bits. */
const FRACTION_LIMIT = (LIMIT - 1n) / 10n;

/** Nanoseconds, or `undefined` for what Go rejects. */
export function parseGoDuration(text: string): bigint | undefined {
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  const unsigned = text.slice(sign.length);
  if (unsigned === '0') return 0n;
  if (unsigned === '') return undefined;
  let total = 0n;
  for (let at = 0; at < unsigned.length; at = PART.lastIndex) {
    PART.lastIndex = at;
    const [, whole = '', fraction = '', unit = ''] = PART.exec(unsigned) ?? [];
    const scale = UNITS.get(unit);
    if (scale === undefined || (whole === '' && fraction === '')) return undefined;
    const part = nanoseconds(whole, fraction, scale);
    if (part === undefined) return undefined;
    total = BigInt.asUintN(64, total + part);
    if (total > LIMIT) return undefined;
  }
  if (sign === '-') return -total;
  return total === LIMIT ? undefined : total;
}

/** One number with its unit, or `undefined` if it is out of range. */
function nanoseconds(whole: string, fraction: string, unit: bigint): bigint | undefined {
  const digits = whole.replace(/^0+/, '');
  // More digits than 2^63 has: they are not even converted.
  if (digits.length > 19) return undefined;
  const number = BigInt(digits);
  if (number > LIMIT / unit) return undefined;
  const sum = number * unit + fractionOf(fraction, unit);
  return sum > LIMIT ? undefined : sum;
}

function fractionOf(digits: string, unit: bigint): bigint {
  let value = 0n;
  let scale = 1;
  for (const digit of digits) {
    if (value > FRACTION_LIMIT) break;
    const next = value * 10n + BigInt(digit);
    if (next > LIMIT) break;
    value = next;
    scale *= 10;
  }
  return BigInt(Math.trunc(Number(value) * (Number(unit) / scale)));
}

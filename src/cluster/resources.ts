/** Requests and limits, which a quota may demand. */
import { InputError } from '../config/input-error.ts';
import type { JsonMap } from '../util/json.ts';

/** A run takes 100 to 150 MB; Node.js needs some more while it starts. */
const DEFAULTS = {
  requests: { cpu: '100m', memory: '256Mi' },
  limits: { cpu: '1', memory: '512Mi' },
} as const satisfies Record<string, JsonMap>;

export interface Resources {
  readonly requests: Readonly<Record<string, string>>;
  readonly limits: Readonly<Record<string, string>>;
}

const QUANTITY = /^\d{1,12}(?:\.\d{1,9})?(?:m|[kMGTPE]|[KMGTPE]i)?$/;

/**
 * @param text `cpu=250m,memory=512Mi`: requested, and the limit; what is not named keeps its default
 * @throws InputError
 */
export function resourcesIn(text: string | undefined): Resources {
  if (text === undefined) return DEFAULTS;
  const given: Record<string, string> = {};
  for (const pair of text.split(',')) {
    const [, name, quantity] = /^(cpu|memory|ephemeral-storage)=(.+)$/.exec(pair) ?? [];
    if (name === undefined || quantity === undefined || !QUANTITY.test(quantity))
      throw new InputError('--resources: expected quantities such as cpu=250m,memory=512Mi');
    given[name] = quantity;
  }
  return { requests: { ...DEFAULTS.requests, ...given }, limits: { ...DEFAULTS.limits, ...given } };
}

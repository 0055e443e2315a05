/** The VCS gateway's own values: never another service's. */
import type { RejectedType, Source } from './entry.ts';
import { GATEWAY, type Perspective } from './options.ts';

const isGateways = ({ service }: Source['entries'][number]): boolean => service === GATEWAY;

/** Whether the sources are the gateway's: a file contains it alone, and no file contains another service. */
export const hasGatewayAlone = (sources: readonly Source[]): boolean =>
  sources.every(({ entries }) => entries.every((entry) => entry.service === 'all' || isGateways(entry))) &&
  sources.some(({ entries }) => entries.length > 0 && entries.every(isGateways));

/**
 * Leaves out the gateway's values unless it is checked: it is no part of the installation that other services form, and has
 * variables that they lack.
 */
export function withoutGateway(
  sources: readonly Source[],
  selected: Perspective | undefined,
): { readonly sources: readonly Source[]; readonly notes: readonly string[] } {
  if (selected === GATEWAY || (selected === undefined && hasGatewayAlone(sources))) {
    return {
      sources: sources.map((source) => (source.incompleteGateway ? { ...source, incomplete: true } : source)),
      notes: [],
    };
  }
  const entries = sources.flatMap((source) => source.entries);
  const isIgnored = entries.some(isGateways);
  const origins = new Set(entries.filter(isGateways).map(({ origin }) => origin));
  // The gateway's workload reads the shared Secret as well.
  for (const { origin } of entries.filter((entry) => !isGateways(entry))) origins.delete(origin);
  return {
    sources: isIgnored ? sources.map(withoutItsEntries) : sources,
    notes: selected === undefined ? [...origins].map(noteOf) : [],
  };
}

/** The API rejects the whole object because of a value that is not a string, whichever service uses it. */
const withoutItsEntries = (source: Source): Source => ({
  ...source,
  entries: source.entries.filter((entry) => !isGateways(entry)),
  rejected: [
    ...(source.rejected ?? []),
    ...source.entries
      .filter((entry) => isGateways(entry) && entry.kind === 'not-a-string')
      .map(({ name, value, origin }) => ({ name, type: value as RejectedType, origin })),
  ],
});

const noteOf = (origin: string): string =>
  `${origin} is ignored: it belongs to the VCS gateway alone; to check the gateway, add --service ${GATEWAY}`;

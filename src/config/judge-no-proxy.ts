/** Entries of NO_PROXY that exempt nothing: what they are meant for goes through the proxy. */
import { advice, setting } from '../outcome/fix.ts';
import { warn } from '../outcome/outcome.ts';
import { DOCS } from './docs.ts';
import type { ConfigurationFinding } from './finding.ts';
import { entriesIn, uselessnessOf } from './no-proxy.ts';
import type { Redact } from './redact.ts';
import type { Resolved } from './resolve.ts';

const PROXIES = ['HTTPS_PROXY', 'HTTP_PROXY', 'https_proxy', 'http_proxy'];
/** In order of precedence. */
const EXEMPTIONS = ['NO_PROXY', 'no_proxy'];
/** In characters. */
const MOST_SHOWN = 80;
const MOST_LISTED = 5;

export function judgeNoProxy({ entries }: Resolved, redact: Redact): ConfigurationFinding[] {
  if (!PROXIES.some((name) => entries.has(name))) return [];
  const held = EXEMPTIONS.map((name) => entries.get(name)).find((entry) => entry !== undefined);
  if (held?.kind !== 'known') return [];
  const all = entriesIn(held.value).map((entry) => ({ entry, useless: uselessnessOf(entry) }));
  const bad = all.flatMap(({ entry, useless }) =>
    useless === undefined ? [] : [{ entry: shown(entry, redact), useless }],
  );
  const [first, ...others] = bad;
  if (first === undefined) return [];
  const { name } = held;
  const isCertain = bad.every(({ useless }) => useless.corrected !== undefined);
  const listed = others.slice(0, MOST_LISTED).map(({ entry }) => entry);
  const more = others.length - listed.length;
  const detail = [
    `Requests to it go through the proxy. ${first.useless.why}`,
    ...(others.length > 0 ? [`The same goes for ${listed.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`] : []),
  ];
  const outcome = warn(`${name} contains ${first.entry}, which exempts nothing`, {
    detail: detail.join(' '),
    expected: 'hosts (.corp.io includes those below it), IP addresses and ranges, separated by commas',
    fix: isCertain
      ? setting(name, all.map(({ entry, useless }) => useless?.corrected ?? entry).join(','))
      : advice`correct or remove ${first.entry} in ${name} (${held.origin})`,
    docs: DOCS.general,
    evidence: { variable: name, entries: bad.map(({ entry }) => entry).slice(0, MOST_LISTED + 1) },
  });
  return [{ rule: 'no-proxy', variable: name, outcome }];
}

/** Shortened only after its secrets are masked. */
function shown(entry: string, redact: Redact): string {
  const text = redact(entry);
  return JSON.stringify(text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN)}…`);
}

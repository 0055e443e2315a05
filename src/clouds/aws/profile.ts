/**
 * The caller's AWS profiles, read like the AWS SDK for Go (`internal/ini` and `shared_config.go` of aws-sdk-go-v2): Spacelift
 * uses it. A profile in a config is Spacelift's, and never read here.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '../../engine/check.ts';

/** Reads a variable or a setting. */
export type Read = (name: string) => string | undefined;

/** A value, or the indented lines below a key without one. */
type Value = string | ReadonlyMap<string, string>;
export type Section = ReadonlyMap<string, Value>;
/** By name; profiles without their prefix. */
export type Sections = ReadonlyMap<string, Section>;

/** The profile in use, and the sections that it may refer to. */
export interface Profiles {
  /** The profile in AWS_PROFILE, AWS_DEFAULT_PROFILE, or `default`. */
  readonly name: string;
  /** Whether the caller has selected it with AWS_PROFILE, so that it must exist. */
  readonly selected: boolean;
  readonly sections: Sections;
  /** Profiles with only one half of a pair of keys, which the SDK refuses. */
  readonly partial: ReadonlySet<string>;
}

/** Profiles are small: a larger file is something else. */
const MOST_BYTES = 4 * 1024 * 1024;

export function callersProfiles({ deployment: { own } }: Pick<Run, 'deployment'>): Profiles {
  const home = own('HOME') ?? own('USERPROFILE');
  const file = (variable: string, name: string) =>
    own(variable) ?? (home === undefined ? undefined : join(home, '.aws', name));
  const selected = own('AWS_PROFILE');
  return {
    name: selected ?? own('AWS_DEFAULT_PROFILE') ?? 'default',
    selected: selected !== undefined,
    ...mergeFiles(
      readText(file('AWS_CONFIG_FILE', 'config')),
      readText(file('AWS_SHARED_CREDENTIALS_FILE', 'credentials')),
    ),
  };
}

/** A value of the profile in use. */
export function valueIn(section: Section | undefined, key: string): string | undefined {
  const value = section?.get(key);
  return typeof value === 'string' ? value : undefined;
}

/** The endpoint of a service, from the section of services that a profile names. @param service `iot_data_plane` */
export function serviceEndpointIn({ name, sections }: Profiles, service: string): string | undefined {
  const services = valueIn(sections.get(name), 'services');
  const values = services === undefined ? undefined : sections.get(`services ${services}`)?.get(service);
  return typeof values === 'object' ? values.get('endpoint_url') : undefined;
}

/** Like the SDK, which skips files that it can't read. */
function readText(path: string | undefined): string {
  if (path === undefined) return '';
  try {
    const found = statSync(path);
    return found.isFile() && found.size <= MOST_BYTES ? readFileSync(path, 'utf8') : '';
  } catch {
    return '';
  }
}

/** Keys that a profile in the credentials file adds to a profile of the same name in the config file. */
const MERGED: ReadonlySet<string> = new Set(
  `role_arn source_profile credential_source external_id mfa_serial role_session_name region credential_process
  web_identity_token_file s3_use_arn_region s3_disable_multiregion_access_points ec2_metadata_service_endpoint_mode
  ec2_metadata_service_endpoint ec2_metadata_v1_disabled use_dualstack_endpoint use_fips_endpoint defaults_mode retry_mode
  ca_bundle duration_seconds max_attempts sso_session sso_account_id sso_region sso_role_name sso_start_url
  auth_scheme_preference login_session`.split(/\s+/),
);
/** The sections of both files. @param config, credentials the text of each; empty if there is none */
export function mergeFiles(config: string, credentials: string): Pick<Profiles, 'sections' | 'partial'> {
  const sections = new Map<string, Section>();
  for (const [name, section] of parseIni(config)) {
    const [, profile] = /^profile (.*)$/s.exec(name) ?? [];
    if (profile !== undefined) sections.set(profile, section);
    else if (/^(sso-session |services )/.test(name) || (/^default$/i.test(name) && !sections.has(name)))
      sections.set(name, section);
  }
  const partial = new Set([...sections].filter(([, section]) => isPartial(section)).map(([name]) => name));
  for (const [name, section] of parseIni(credentials)) {
    if (name.startsWith('profile ')) continue;
    if (isPartial(section)) partial.add(name);
    else partial.delete(name);
    const before = sections.get(name);
    const isAdded = (key: string) => MERGED.has(key) || (KEYS.some((one) => one === key) && hasAll(section));
    const added = [...section].filter(([key]) => before === undefined || isAdded(key));
    sections.set(name, new Map([...(before ?? []), ...added]));
  }
  return { sections, partial };
}

const PAIR = ['aws_access_key_id', 'aws_secret_access_key'] as const;
const KEYS = [...PAIR, 'aws_session_token'] as const;
const hasAll = (section: Section): boolean => PAIR.every((key) => section.has(key));
const isPartial = (section: Section): boolean => !hasAll(section) && PAIR.some((key) => section.has(key));

const BLANK = /^[ \t]/;

/** Lenient like the SDK's parser: what it does not understand is ignored. */
export function parseIni(text: string): ReadonlyMap<string, ReadonlyMap<string, Value>> {
  const sections = new Map<string, Map<string, string | Map<string, string>>>();
  let section: Map<string, string | Map<string, string>> | undefined;
  let key = '';
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '' || /^[ \t]*[#;]/.test(line)) continue;
    const name = sectionIn(line);
    if (name !== undefined) {
      key = '';
      section = sections.get(name) ?? new Map();
      sections.set(name, section);
    } else if (section !== undefined) {
      key = readLine(section, key, line);
    }
  }
  return sections;
}

/** A line of a section. @returns the key that an indented line below would belong to */
function readLine(section: Map<string, string | Map<string, string>>, key: string, line: string): string {
  const [name, value] = pairIn(BLANK.test(line) ? line.trimStart() : uncommented(line)) ?? [];
  if (!BLANK.test(line)) {
    if (name === undefined || value === undefined) return key;
    section.set(name, value);
    return name;
  }
  const held = key === '' ? undefined : section.get(key);
  if (name === undefined || value === undefined) {
    if (typeof held === 'string' && held !== '') section.set(key, `${held}\n${line.trimStart()}`);
    return key;
  }
  if (held === undefined || (typeof held === 'string' && held !== '')) {
    section.set(name, uncommented(value).trim());
    return name;
  }
  const below = typeof held === 'string' ? new Map<string, string>() : held;
  section.set(key, below.set(name, value));
  return key;
}

/** `[profile  name] ; comment` → `profile name`. */
function sectionIn(line: string): string | undefined {
  const [, inside] = /^\[(.*)\]$/s.exec((line.split(/[#;]/)[0] ?? '').trim()) ?? [];
  return inside?.trim().replace(/^(\S+?)[ \t]+/, '$1 ');
}

const uncommented = (text: string): string => text.split(/[ \t][#;]/)[0] ?? '';

/** `key = "value"`; a colon works too. */
function pairIn(text: string): [string, string] | undefined {
  const at = text.search(/[=:]/);
  if (at === -1) return undefined;
  const value = text.slice(at + 1).trim();
  return [text.slice(0, at).trim().toLowerCase(), value.replace(/^(['"])(.*)\1$/s, '$2')];
}

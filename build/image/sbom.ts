/** Lists what is in the image, in CycloneDX's format (https://cyclonedx.org/docs/1.6/json/). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OutputChunk } from 'rolldown';
import { packageOf } from '../bundle.ts';
import { sha256 } from './oci.ts';
import type { Entry } from './tar.ts';

export interface Component {
  readonly type: 'application' | 'library' | 'operating-system' | 'container' | 'file';
  readonly name: string;
  readonly version?: string;
  readonly purl?: string;
  readonly cpe?: string;
  readonly 'bom-ref'?: string;
  readonly licenses?: readonly object[];
  readonly hashes?: readonly object[];
  readonly components?: readonly Component[];
}

/** Files in the image, as the parts of their component. */
export const files = (entries: readonly Entry[]): Component[] =>
  entries.flatMap(({ path, content }): Component[] =>
    content === undefined
      ? []
      : [{ type: 'file', name: `/${path}`, hashes: [{ alg: 'SHA-256', content: sha256(content) }] }],
  );

/** The packages in a bundle, each once. */
export function bundledPackages(chunks: readonly Pick<OutputChunk, 'moduleIds'>[]): Component[] {
  const folders = new Set(chunks.flatMap(({ moduleIds }) => moduleIds.flatMap((id) => packageOf(id) ?? [])));
  const components = [...folders].map((folder): Component => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
    const licenses = typeof license === 'string' ? [licenseOf(license)] : [];
    return { type: 'library', name, version, purl, 'bom-ref': purl, licenses };
  });
  const once = new Map(components.map((component) => [component.purl ?? '', component]));
  return [...once].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, component]) => component);
}

/** An SPDX expression, or words. */
const licenseOf = (license: string): object =>
  /^[\w.+-]+$|\b(AND|OR)\b/.test(license) ? { expression: license } : { license: { name: license } };

/** Node is built with its own copies of these libraries. */
export function nodeComponent(purl: string, version: string, content: Buffer): Component {
  const { node: _, modules: __, napi: ___, ...versions } = process.versions;
  const parts = Object.entries(versions).flatMap(([name, of]) => (of ? [part(name, of)] : []));
  return {
    type: 'application',
    name: 'node',
    version,
    purl,
    'bom-ref': purl,
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    hashes: [{ alg: 'SHA-256', content: sha256(content) }],
    components: parts,
  };
}

function part(name: string, version: string): Component {
  const cpe = name === 'openssl' ? { cpe: `cpe:2.3:a:openssl:openssl:${version}:*:*:*:*:*:*:*` } : {};
  const purl = `pkg:generic/${name}@${version}`;
  return { type: 'library', name, version, purl, 'bom-ref': purl, ...cpe };
}

/** @param created ISO 8601 */
export const sbom = (image: Component, components: readonly Component[], created: string): string =>
  `${JSON.stringify(
    {
      $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      version: 1,
      metadata: { timestamp: created, component: image },
      components,
    },
    undefined,
    1,
  )}\n`;

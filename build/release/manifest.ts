/** What `package.json` must say before a release, and what of it is in the published package. */

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly private?: boolean;
  readonly author?: unknown;
  readonly homepage?: unknown;
  readonly bugs?: unknown;
  readonly repository?: { readonly url?: unknown };
  readonly [field: string]: unknown;
}

/** What stands for the owner until the project has one. */
const PLACEHOLDER = 'EXAMPLE';

/**
 * The first reason why a release can't be made, in one line; undefined if there is none.
 * @param changelog the text of `CHANGELOG.md`
 * @param tag of Git, if the release is made for one
 */
export function unready(manifest: Manifest, changelog: string, tag: string | undefined): string | undefined {
  const { version } = manifest;
  const fields = { ...manifest, 'repository.url': manifest.repository?.url };
  for (const field of ['author', 'homepage', 'bugs', 'repository.url'] as const) {
    const value = fields[field];
    if (typeof value !== 'string' || value.trim() === '') return `package.json: ${field} is not set: expected a text`;
    if (value.includes(PLACEHOLDER)) return `package.json: ${field} is ${value}: expected your own in place of EXAMPLE`;
  }
  if (repositoryOf(manifest) === undefined) {
    return `package.json: repository.url is ${fields['repository.url']}: expected git+https://github.com/<owner>/<name>.git`;
  }
  if (manifest.private) return 'package.json: private is true: remove it once the name is yours at the registry';
  if (!changelog.includes(`\n## [${version}]`)) return `CHANGELOG.md: there is no heading ## [${version}]`;
  return tag === undefined || tag === `v${version}`
    ? undefined
    : `--tag ${tag}: expected v${version}, from package.json`;
}

/** The page of the repository, without a `/` at its end; undefined if it is not at GitHub. */
export const repositoryOf = (manifest: Manifest): string | undefined =>
  /^git\+(https:\/\/github\.com\/[\w.-]+\/[\w.-]+?)(?:\.git)?$/.exec(String(manifest.repository?.url))?.[1];

/** Concern the repository alone. */
const OWN: readonly string[] = ['devDependencies', 'scripts', 'allowScripts'];

/** What users of the package need. A placeholder keeps it private: no registry then accepts it. */
export const published = (manifest: Manifest): object =>
  Object.fromEntries(Object.entries(manifest).filter(([field]) => !OWN.includes(field)));

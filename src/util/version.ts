/** The version of this tool, from package.json. */
import manifest from '../../package.json' with { type: 'json' };

export const VERSION: string = manifest.version;
/** Where the project is published; `undefined` as long as `package.json` has a placeholder. */
export const REPOSITORY: string | undefined = publishedAt(manifest.homepage);

function publishedAt(homepage: string): string | undefined {
  return homepage.includes('/EXAMPLE/') ? undefined : homepage.replace(/#.*$/, '');
}

/** URLs of version control systems, as `--vcs` accepts them. */

/** In characters. */
const LONGEST = 1000;

/**
 * The URL of a server or repository, without query and fragment; `https://` is the default. `undefined` for anything else: another
 * scheme, or a URL with a login, which would never be sent.
 */
export function versionControlUrl(text: string): string | undefined {
  if (text.length > LONGEST || /\s/.test(text)) return undefined;
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`);
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  if (url.username !== '' || url.password !== '' || /@/.test(text)) return undefined;
  url.search = '';
  url.hash = '';
  return url.href.replace(/\/+$/, '');
}

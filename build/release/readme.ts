/** The list of a release's files, for those who fetch them. */

export interface Listed {
  readonly file: string;
  readonly bytes: number;
  readonly what: string;
  /** Whether the build started it: in words, or a dash. */
  readonly tried: string;
}

const megabytes = (bytes: number): string =>
  bytes < 1e5 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

/** @param placeholders whether the release was made for a trial alone */
export function readme(title: string, files: readonly Listed[], placeholders: boolean): string {
  const rows = files.map(({ file, bytes, what, tried }) => `| ${file} | ${megabytes(bytes)} | ${what} | ${tried} |`);
  const trial = placeholders
    ? ['**For a trial only.** The owner of the project is a placeholder. Do not publish these files.', '']
    : [];
  return [
    `# ${title}`,
    '',
    ...trial,
    '`sha256sum -c SHA256SUMS` verifies the files. What to do with them is in docs/install.md.',
    '',
    '| file | size | what it is | tried |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

/** The formula for Homebrew (https://docs.brew.sh/Formula-Cookbook). */
import type { Platform } from '../node.ts';

export interface Formula {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly homepage: string;
  /** The archive of each platform: its address, and its SHA-256 in hexadecimal digits. */
  readonly archives: Readonly<Partial<Record<Platform, { readonly url: string; readonly sha256: string }>>>;
}

/** Homebrew wants 80 characters at most, without an article at the start. */
const DESCRIPTION = 'Checks every external dependency of a self-hosted Spacelift installation';
/** By Homebrew's names. */
const SYSTEMS = { macos: 'on_macos', linux: 'on_linux' } as const;
const PROCESSORS = { arm64: 'on_arm', x64: 'on_intel' } as const;

/** `spacelift-preflight` → `SpaceliftPreflight`, as Homebrew looks for it. */
const classOf = (name: string): string => name.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());

/** In Ruby, with nothing that it would evaluate. */
const text = (value: string): string => `"${value.replace(/["\\]|#(?=[{$@])/g, '\\$&')}"`;

/** @throws if an archive is missing */
export function formula({ name, version, license, homepage, archives }: Formula): string {
  const systems = Object.entries(SYSTEMS).map(([system, block]) => {
    const processors = Object.entries(PROCESSORS).flatMap(([processor, inner]) => {
      const archive = archives[`${system}-${processor}` as Platform];
      if (archive === undefined) throw new Error(`the formula needs an archive for ${system}-${processor}`);
      return [`    ${inner} do`, `      url ${text(archive.url)}`, `      sha256 ${text(archive.sha256)}`, '    end'];
    });
    return [`  ${block} do`, ...processors, '  end', ''];
  });
  return [
    `class ${classOf(name)} < Formula`,
    `  desc ${text(DESCRIPTION)}`,
    `  homepage ${text(homepage)}`,
    `  version ${text(version)}`,
    `  license ${text(license)}`,
    '',
    ...systems.flat(),
    '  def install',
    `    bin.install ${text(name)}`,
    '  end',
    '',
    '  test do',
    `    assert_equal version.to_s, shell_output("#{bin}/${name} --version").strip`,
    '  end',
    'end',
    '',
  ].join('\n');
}

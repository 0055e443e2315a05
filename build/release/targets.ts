/** The executables of a release. */
import type { Platform } from '../node.ts';

export interface Target {
  readonly platform: Platform;
  /** Its name in texts. */
  readonly title: string;
  /** The signature of the executable. */
  readonly signature: string;
}

const UNSIGNED = 'not signed';
/** Apple silicon starts nothing without a signature; Gatekeeper still asks the user. */
const AD_HOC = 'signed ad hoc, not notarized';

export const TARGETS: readonly Target[] = [
  { platform: 'linux-x64', title: 'Linux, x64', signature: UNSIGNED },
  { platform: 'linux-arm64', title: 'Linux, arm64', signature: UNSIGNED },
  { platform: 'macos-x64', title: 'macOS, Intel', signature: AD_HOC },
  { platform: 'macos-arm64', title: 'macOS, Apple silicon', signature: AD_HOC },
  { platform: 'windows-x64', title: 'Windows, x64', signature: UNSIGNED },
];

/** Without an extension: the folder in the archive, and the archive's name before `.tar.gz`. */
export const folderOf = (name: string, version: string, platform: Platform): string => `${name}-${version}-${platform}`;

/** The platform of this machine, by Node's names of it. */
export const HOST = `${process.platform}-${process.arch}`;

/** Which terminals show hyperlinks (OSC 8). Others print nothing of the sequence, or all of it, so in doubt there are none. */
import { isOn } from './ci.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** In `TERM`. */
const TERMS = /^(?:xterm-kitty|xterm-ghostty|alacritty|foot|wezterm|contour)/;
/** In `TERM_PROGRAM`, with the first version. */
const PROGRAMS: Readonly<Record<string, readonly [major: number, minor: number]>> = {
  'iTerm.app': [3, 1],
  WezTerm: [20_200_620, 0],
  vscode: [1, 72],
  ghostty: [0, 0],
  zed: [0, 0],
};
/** Version 0.50.0 crashes. */
const BROKEN_VTE = 5000;

/**
 * `FORCE_HYPERLINK` decides; otherwise, only on a terminal that is known to show them, and not in a multiplexer or in CI.
 * @param hasColor who wants no colors wants no links either
 */
export function showsLinks(stream: { readonly isTTY?: boolean }, env: Environment, hasColor: boolean): boolean {
  const { FORCE_HYPERLINK: forced } = env;
  if (forced !== undefined && forced !== '') return !/^(?:0|false)$/.test(forced);
  if (!hasColor || stream.isTTY !== true || isOn(env.CI) || env.TEAMCITY_VERSION !== undefined) return false;
  const { TERM = '', TERM_PROGRAM = '', TMUX, STY } = env;
  if (TERM === 'dumb' || TMUX !== undefined || STY !== undefined || /^(?:screen|tmux)/.test(TERM)) return false;
  if (TERMS.test(TERM) || env.WT_SESSION !== undefined || env.DOMTERM !== undefined) return true;
  const vte = Number(env.VTE_VERSION ?? 0);
  if (vte > BROKEN_VTE) return true;
  const since = Object.hasOwn(PROGRAMS, TERM_PROGRAM) ? PROGRAMS[TERM_PROGRAM] : undefined;
  if (since === undefined) return false;
  const [major = 0, minor = 0] = (env.TERM_PROGRAM_VERSION ?? '').split(/[.-]/).map(Number);
  return major > since[0] || (major === since[0] && minor >= since[1]);
}

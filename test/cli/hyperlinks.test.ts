import { describe, expect, it } from 'vitest';
import { showsLinks } from '../../src/cli/hyperlinks.ts';
import { colorsOfLog } from '../../src/cli/terminal.ts';

const TTY = { isTTY: true };

describe('hyperlinks', () => {
  it.each<[string, Record<string, string>]>([
    ['kitty', { TERM: 'xterm-kitty' }],
    ['Ghostty', { TERM: 'xterm-256color', TERM_PROGRAM: 'ghostty', TERM_PROGRAM_VERSION: '1.2.0' }],
    ['iTerm2', { TERM: 'xterm-256color', TERM_PROGRAM: 'iTerm.app', TERM_PROGRAM_VERSION: '3.4.19' }],
    ['WezTerm', { TERM: 'xterm-256color', TERM_PROGRAM: 'WezTerm', TERM_PROGRAM_VERSION: '20230712-072601-f4abf8fd' }],
    ['VS Code', { TERM: 'xterm-256color', TERM_PROGRAM: 'vscode', TERM_PROGRAM_VERSION: '1.95.3' }],
    ['GNOME', { TERM: 'xterm-256color', VTE_VERSION: '7600' }],
    ['Windows Terminal', { WT_SESSION: '0f1e2d' }],
  ])('are shown by %s, unless something is in between', (_, env) => {
    expect(showsLinks(TTY, env, true)).toBe(true);
    expect(showsLinks({ isTTY: false }, env, true), 'a pipe').toBe(false);
    expect(showsLinks({}, env, true), 'a file').toBe(false);
    expect(showsLinks(TTY, env, false), 'without colors').toBe(false);
    for (const between of [{ CI: 'true' }, { TMUX: '/tmp/tmux-0/default,1,0' }, { STY: '1.tty' }, { TERM: 'dumb' }])
      expect(showsLinks(TTY, { ...env, ...between }, true), JSON.stringify(between)).toBe(false);
    expect(showsLinks(TTY, { ...env, FORCE_HYPERLINK: '0' }, true)).toBe(false);
  });

  it.each<[string, Record<string, string>]>([
    ['Terminal of macOS', { TERM: 'xterm-256color', TERM_PROGRAM: 'Apple_Terminal', TERM_PROGRAM_VERSION: '455' }],
    ['an old iTerm2', { TERM: 'xterm', TERM_PROGRAM: 'iTerm.app', TERM_PROGRAM_VERSION: '3.0.15' }],
    ['VTE 0.50.0', { TERM: 'xterm-256color', VTE_VERSION: '5000' }],
    ['the console of Linux', { TERM: 'linux' }],
    ['an unknown one', { TERM: 'xterm-256color', TERM_PROGRAM: 'constructor' }],
  ])('are not by %s, unless forced', (_, env) => {
    expect(showsLinks(TTY, env, true)).toBe(false);
    expect(showsLinks({}, { ...env, FORCE_HYPERLINK: '1' }, false)).toBe(true);
  });
});

describe('colors in the log of CI', () => {
  it.each([
    ['GITHUB_ACTIONS', 3],
    ['GITEA_ACTIONS', 3],
    ['CIRCLECI', 3],
    ['GITLAB_CI', 1],
    ['BUILDKITE', 1],
  ])('%s shows them', (name, level) => {
    expect(colorsOfLog({ CI: 'true', [name]: 'true' })).toBe(level);
    expect(colorsOfLog({ [name]: 'true' }), 'not in CI').toBe(0);
    expect(colorsOfLog({ CI: 'true', [name]: 'true', TERM: 'dumb' })).toBe(0);
  });

  it('nobody knows of others', () => {
    expect(colorsOfLog({ CI: 'true', JENKINS_URL: 'https://ci.internal' })).toBe(0);
  });
});

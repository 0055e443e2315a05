/** The rule about version control systems. */

import { DOCS } from '../../src/config/contract.ts';
import type { Rule } from '../../src/engine/check.ts';

export const RULES = {
  api: {
    title: 'a version control system given with --vcs responds',
    perVariable: true,
    procedure:
      'For each address given with --vcs, sends GET requests without a login, through the proxy if it applies, and looks for a response that only the API of GitHub, GitLab, Bitbucket, Azure DevOps, Gitea or Forgejo gives; for the address of a repository, also that of any Git server. A login page or a proxy in front of it fails. Server and drain only. The address is in brackets instead of a variable.',
    rationale:
      'The server and the drain read repositories and report the results of runs there. No variable names the version control system (VCS), because it is connected in Spacelift itself.',
    permission: 'HTTPS from the server and the drain to the version control system',
    fix: 'Allow the server and the drain to reach the API of the VCS. Connect a VCS in another private network through the VCS gateway.',
    example: {
      found: 'gitlab.corp.io does not respond like a version control system',
      fix: 'look for a login page or proxy in front of it, and exempt the API from it; check it: curl -sSi https://gitlab.corp.io',
    },
    docs: DOCS.networking,
  },
} as const satisfies Record<string, Rule>;

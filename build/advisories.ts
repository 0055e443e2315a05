/**
 * `npm run advisories`: the known advisories for the bundled packages, from `npm audit` for exactly these packages.
 *
 * `--osv <folder>` reads a folder of advisories in OSV format, such as a clone of an advisory database, instead of the registry.
 * The exit code is 0 if no advisory is open, 1 if one is, and 2 if there is no answer, which does not mean "none".
 */
import { answerOf } from './advisories/answer.ts';
import { bundledPackages } from './advisories/bundled.ts';

const { code, stdout, stderr } = await answerOf(process.argv.slice(2), bundledPackages);
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = code;

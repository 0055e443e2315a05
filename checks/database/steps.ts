/** Fixes in several steps. */
import { advice, command, type Fix, Sql } from '../../src/outcome/fix.ts';

/** A statement, or an instruction. */
export type Step = Sql | string;

/** Statements with the instructions as a comment, or the instructions alone. */
export function fixOf(steps: readonly Step[]): Fix {
  const statements = steps.filter((step) => step instanceof Sql);
  const instructions = steps.filter((step) => typeof step === 'string');
  if (statements.length === 0) return advice`${instructions.join('\n')}`;
  return command(statements, instructions.length === 0 ? {} : { after: instructions.join(', ') });
}

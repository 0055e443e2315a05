/** The schema of what a run leaves behind. */
import { described, flag, object, optional, type TypeOf, text } from '../util/schema.ts';

export const LEFTOVER = described(
  object({
    what: text(),
    command: described(text(), 'The command that removes it.'),
    mayStay: optional(
      described(
        flag(),
        'true: it does no harm, later runs use it again, and this account is not allowed to remove it.',
      ),
    ),
  }),
  'Something that the run created and could not remove.',
);
export type Leftover = TypeOf<typeof LEFTOVER>;

/** `run ecs` where each task really runs the command line. */
import { it } from 'vitest';
import { expectDrainWithoutSign } from '../support/ecs-installation.ts';

it('shows that the drain’s role lacks a grant which the others have', () => expectDrainWithoutSign());

/** Ways to break an installation on AWS. */
import type { AwsServer, AwsUser, KmsKey, Queue, Statement } from '../../services/aws/index.ts';
import type { Bucket } from '../../services/s3/index.ts';
import type { Eks } from '../../support/eks.ts';
import type { Who } from '../../support/estate.ts';
import type { Variables } from '../../support/preflight.ts';
import type { Arrange, Arranged } from '../fault.ts';

/** Several at once, undone in reverse. */
export const both =
  (...arranges: readonly Arrange[]): Arrange =>
  async (there) => {
    const done: Arranged[] = [];
    for (const arrange of arranges) done.push(await arrange(there));
    return {
      variables: Object.assign({}, ...done.map(({ variables }) => variables)) as Variables,
      environment: Object.assign({}, ...done.map(({ environment }) => environment)) as Variables,
      undo: async () => {
        for (const { undo } of done.toReversed()) await undo?.();
      },
    };
  };

export const environment =
  (changes: Variables): Arrange =>
  () => ({ environment: changes });

/** Fields of something that a server holds. */
export const fields =
  <T extends object>(of: (eks: Eks) => T, change: Partial<T> | ((eks: Eks, held: T) => Partial<T>)): Arrange =>
  ({ estate: { eks } }) => {
    const held = of(eks);
    const changed = typeof change === 'function' ? change(eks, held) : change;
    const before = Object.fromEntries(Object.keys(changed).map((name) => [name, held[name as keyof T]]));
    Object.assign(held, changed);
    return { undo: () => Object.assign(held, before) };
  };

export const awsFaults = (faults: AwsServer['faults']): Arrange => fields(({ aws }) => aws, { faults });
export const s3Faults = (faults: Eks['s3']['faults']): Arrange => fields(({ s3 }) => s3, { faults });
export const key = (which: 'encryption' | 'signing', change: Partial<Pick<KmsKey, 'state' | 'policy'>>): Arrange =>
  fields<Pick<KmsKey, 'state' | 'policy'>>(({ keys }) => keys[which], change);
export const bucket = (name: string, change: Partial<Bucket>): Arrange =>
  fields(({ s3 }) => s3.bucket(`spacelift-${name}`), change);

export function queueOf({ aws }: Eks, name: string): Queue {
  const found = aws.queues.all().find((queue) => queue.name === `spacelift-${name}`);
  if (found === undefined) throw new Error(`no queue ${name}`);
  return found;
}

/** `undefined` takes an attribute away. */
export const queue = (name: string, change: (eks: Eks) => Record<string, string | undefined>): Arrange =>
  fields(
    (eks) => queueOf(eks, name),
    (eks, { attributes }) => ({ attributes: present({ ...attributes, ...change(eks) }) }),
  );

const present = (values: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

export const user = (who: Who, change: (user: AwsUser, eks: Eks) => Partial<AwsUser>): Arrange =>
  fields(
    ({ users }) => users[who],
    (eks, held) => ({ expired: undefined, sessionToken: undefined, ...pick(held), ...change(held, eks) }) as never,
  );

/** What is set already stays. */
const pick = ({ expired, sessionToken }: AwsUser): Partial<AwsUser> => ({
  ...(expired !== undefined && { expired }),
  ...(sessionToken !== undefined && { sessionToken }),
});

const statementsOf = ({ policy }: AwsUser): Statement[] =>
  policy === undefined ? [{ Effect: 'Allow', Action: '*', Resource: '*' }] : [policy.Statement].flat();

/** A policy that denies. */
export const denies = (who: Who, Action: string | string[], Resource: string = '*'): Arrange =>
  both(
    user(who, (held) => ({
      policy: { Version: '2012-10-17', Statement: [...statementsOf(held), { Effect: 'Deny', Action, Resource }] },
    })),
    forgetting,
  );

/** A policy without some actions, on all resources or on those that end so. */
export const lacks = (who: Who, actions: readonly string[], resource = ''): Arrange =>
  both(
    user(who, (held) => ({
      policy: {
        Version: '2012-10-17',
        Statement: statementsOf(held).flatMap((statement) => {
          const [hit, rest] = [[statement.Resource ?? []].flat(), [statement.Resource ?? []].flat()].map((all, index) =>
            all.filter((one) => one.endsWith(resource) === (index === 0)),
          ) as [string[], string[]];
          const kept = [statement.Action ?? []].flat().filter((action) => !actions.includes(action));
          return [
            { ...statement, Resource: rest },
            { ...statement, Action: kept, Resource: hit },
          ].filter(({ Action, Resource }) => Action?.length !== 0 && Resource.length > 0);
        }),
      },
    })),
    forgetting,
  );

/** Removes, in the end, what a service may write and not remove. */
export const forgetting: Arrange = ({ estate: { eks } }) => ({
  undo: () => {
    for (const name of Object.keys(eks.s3.snapshot())) {
      const held = eks.s3.bucket(name);
      for (const { key, versionId } of held.versions()) held.remove(key, versionId);
    }
  },
});

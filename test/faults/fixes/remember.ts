/** What a fix changes on test servers that others use too, so that it can be taken back. */
import type { S3Server } from '../../services/s3/index.ts';
import type { Estate } from '../../support/estate.ts';

/** @returns takes back all changes since the call */
export function remember({ store, eks: { aws, s3 } }: Estate): () => void {
  const restore = [
    bucketsOf(store),
    bucketsOf(s3),
    fieldsOf(
      () => aws.keys.all(),
      (key) => aws.keys.delete(key),
    ),
    fieldsOf(
      () => aws.queues.all(),
      (queue) => aws.queues.delete(queue),
    ),
    fieldsOf(
      () => aws.rules.all(),
      (rule) => aws.rules.delete(rule),
    ),
  ];
  return () => {
    for (const back of restore) back();
  };
}

function bucketsOf(server: S3Server): () => void {
  const names = () => Object.keys(server.snapshot());
  return fieldsOf(
    () => names().map((name) => server.bucket(name)),
    ({ name }) => server.removeBucket(name),
  );
}

/** The fields of all that there are; what is new is removed. */
function fieldsOf<T extends object>(all: () => readonly T[], remove: (added: T) => void): () => void {
  const before = new Map(all().map((one) => [one, { ...one }]));
  return () => {
    for (const one of [...all()]) {
      const fields = before.get(one);
      if (fields === undefined) remove(one);
      else Object.assign(one, fields);
    }
  };
}

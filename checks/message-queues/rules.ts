/** What is judged of the message queues; `explain` and the documentation read it. */

import { DOCS, type Queue } from '../../src/config/contract.ts';
import type { Rule } from '../../src/engine/check.ts';
import { findingIds } from '../../src/engine/finding-id.ts';

export const RULES = {
  '<queue>/exists': {
    title: 'the queue is there, in the installation’s region',
    procedure:
      'Compares the region in the URL with AWS_REGION, and reads the queue’s attributes. A bare name means a queue of AWS_ACCOUNT_ID in AWS_REGION. A queue of another region, of another account, and one that is missing are told apart.',
    rationale:
      'Spacelift hands its work from service to service by these queues: without one, that work is never done.',
    permission: 'sqs:GetQueueAttributes, which of the services only the drain has',
    fix: 'Make the queue, or correct the variable that names it.',
    example: {
      found: 'there is no queue spacelift-webhooks in eu-west-1, account 123456789012',
      fix: 'aws sqs create-queue --queue-name spacelift-webhooks --attributes VisibilityTimeout=600',
    },
    docs: DOCS.queues,
  },
  '<queue>/kind': {
    title: 'the queue is FIFO or standard as it must be',
    procedure:
      'Looks at the queue’s name, which ends in .fifo for FIFO queues and for no other, and at its redrive policy: dead letters must go to an existing queue of the same kind.',
    rationale:
      'SQS refuses messages that are sent to a queue of the other kind, and dead letters that have nowhere to go come back for ever.',
    permission: 'sqs:GetQueueAttributes, which of the services only the drain has',
    fix: 'Swap the variables, make a queue of the right kind, or correct the redrive policy.',
    example: {
      found: 'MESSAGE_QUEUE_SQS_ASYNC_URL and MESSAGE_QUEUE_SQS_ASYNC_FIFO_URL are swapped',
      fix: 'swap the values of MESSAGE_QUEUE_SQS_ASYNC_URL and MESSAGE_QUEUE_SQS_ASYNC_FIFO_URL',
    },
    docs: DOCS.queues,
  },
  '<queue>/settings': {
    title: 'the queue is set as the vendor suggests',
    procedure:
      'Compares the visibility timeout (300 s; IoT 45 s, webhooks 600 s), the retention of cronjobs (3600 s), and the redrive policy (the configured dead-letter queue after 3 receives). Also warns of two variables that name one queue.',
    rationale:
      'With a shorter visibility timeout a message is handled twice; without a redrive policy one that can’t be handled comes back until it expires; cronjobs that are kept for longer pile up.',
    permission: 'sqs:GetQueueAttributes, which of the services only the drain has',
    fix: 'Set the attributes: aws sqs set-queue-attributes.',
    example: {
      found: 'spacelift-webhooks is not set as suggested: visibility timeout 30 s',
      fix: 'aws sqs set-queue-attributes --queue-url https://sqs.eu-west-1.amazonaws.com/123456789012/spacelift-webhooks --attributes VisibilityTimeout=600',
    },
    docs: DOCS.queues,
  },
  '<queue>/access': {
    title: 'messages can be sent, received and deleted',
    procedure:
      'Sends one message, receives it, compares it and deletes it: only before installation (the database shows no tables of Spacelift), only in an empty queue, only with credentials that may delete, and never into a dead-letter queue. Otherwise it is a skip: on a live installation the drain would get the message. Under --service drain, deleting and hiding are tried with a receipt handle that SQS never gave, which changes nothing.',
    rationale:
      'A service that may not send loses the work, one that may not receive or delete never does it or does it again and again.',
    permission:
      'sqs:SendMessage, sqs:ReceiveMessage, sqs:DeleteMessage and sqs:ChangeMessageVisibility as the service has them; kms:GenerateDataKey and kms:Decrypt on a key that encrypts the queue',
    fix: 'Allow the denied operation in the policy of the role, of the queue or of its key.',
    example: {
      found: 'sqs:SendMessage is denied on spacelift-async',
      fix: 'allow sqs:SendMessage on arn:aws:sqs:eu-west-1:123456789012:spacelift-async in a policy of the role: aws iam put-role-policy',
    },
    docs: DOCS.queues,
  },
  postgres: {
    title: 'the database serves as a message queue',
    procedure:
      'In one transaction that is rolled back: creates a table, enqueues two messages, dequeues the first with FOR UPDATE SKIP LOCKED, deletes it, and dequeues the second. Not done with --read-only.',
    rationale: 'With MESSAGE_QUEUE_TYPE=postgres all asynchronous work of Spacelift goes through such a table.',
    permission: 'CREATE on the schema public',
    fix: 'See the step that failed and its SQLSTATE, and the server’s log for the reason.',
    example: {
      found: 'a queue in the database gives back other messages than were put into it',
      fix: 'connect past whatever changes statements or rows on their way',
    },
    docs: DOCS.queues,
  },
} as const satisfies Readonly<Record<string, Rule>>;

export type RuleKey = keyof typeof RULES;

export const queuesFinding = findingIds<RuleKey, Queue>('message-queues');

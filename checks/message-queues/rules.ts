/** The rules of the message queues; `explain` and the documentation are generated from them. */

import { DOCS, type Queue } from '../../src/config/contract.ts';
import type { Rule } from '../../src/engine/check.ts';
import { findingIds } from '../../src/engine/finding-id.ts';

export const RULES = {
  '<queue>/exists': {
    title: 'the queue exists in the installation’s region',
    procedure:
      'Compares the region in the URL with AWS_REGION, and reads the queue’s attributes. A bare name refers to a queue in AWS_ACCOUNT_ID and AWS_REGION. Reports separately a queue in another region, a queue in another account, and a missing queue.',
    rationale:
      'Spacelift’s services pass work to each other through these queues: if one is missing, its work is never done.',
    permission: 'sqs:GetQueueAttributes (of the services, only the drain has it)',
    fix: 'Create the queue, or correct the variable that names it.',
    example: {
      found: 'queue spacelift-webhooks does not exist in eu-west-1, account 123456789012',
      fix: 'aws sqs create-queue --queue-name spacelift-webhooks --attributes VisibilityTimeout=600',
    },
    docs: DOCS.queues,
  },
  '<queue>/kind': {
    title: 'the queue has the right type, FIFO or standard',
    procedure:
      'Checks the queue’s name, which ends in .fifo only for FIFO queues, and its redrive policy: dead letters must go to an existing queue of the same type.',
    rationale:
      'SQS rejects messages sent to a queue of the wrong type, and messages without a working dead-letter queue come back forever.',
    permission: 'sqs:GetQueueAttributes (of the services, only the drain has it)',
    fix: 'Swap the variables, create a queue of the right type, or correct the redrive policy.',
    example: {
      found: 'MESSAGE_QUEUE_SQS_ASYNC_URL and MESSAGE_QUEUE_SQS_ASYNC_FIFO_URL are swapped',
      fix: 'swap the values of MESSAGE_QUEUE_SQS_ASYNC_URL and MESSAGE_QUEUE_SQS_ASYNC_FIFO_URL',
    },
    docs: DOCS.queues,
  },
  '<queue>/settings': {
    title: 'the queue has the settings that Spacelift recommends',
    procedure:
      'Compares the visibility timeout (300 s; IoT 45 s, webhooks 600 s), the retention of cronjobs (3600 s), and the redrive policy (the configured dead-letter queue after 3 receives) with Spacelift’s recommendations. Also warns if two variables name the same queue.',
    rationale:
      'With a shorter visibility timeout, messages are handled twice; without a redrive policy, a message that can’t be handled comes back until it expires; with a longer retention, cronjobs pile up.',
    permission: 'sqs:GetQueueAttributes (of the services, only the drain has it)',
    fix: 'Set the attributes: aws sqs set-queue-attributes.',
    example: {
      found: 'spacelift-webhooks differs from the recommended settings: visibility timeout 30 s',
      fix: 'aws sqs set-queue-attributes --queue-url https://sqs.eu-west-1.amazonaws.com/123456789012/spacelift-webhooks --attributes VisibilityTimeout=600',
    },
    docs: DOCS.queues,
  },
  '<queue>/access': {
    title: 'messages can be sent, received, and deleted',
    procedure:
      'Sends one message, receives it, compares it, and deletes it: only before installation (the database contains no Spacelift tables), only in an empty queue, only with credentials that are allowed to delete it, and never in a dead-letter queue. Otherwise the rule is skipped: on a live installation, the drain would receive the message. With --service drain, tests deleting and hiding with an invented receipt handle, which changes nothing.',
    rationale:
      'A service that is not allowed to send loses work; one that is not allowed to receive or delete never does the work, or does it over and over.',
    permission:
      'sqs:SendMessage, sqs:ReceiveMessage, sqs:DeleteMessage, and sqs:ChangeMessageVisibility; with --service, only those that the service has; kms:GenerateDataKey and kms:Decrypt on a key that encrypts the queue',
    fix: 'Allow the denied operation in the policy of the role, the queue, or its key.',
    example: {
      found: 'the credentials lack sqs:SendMessage on spacelift-async',
      fix: 'allow sqs:SendMessage on arn:aws:sqs:eu-west-1:123456789012:spacelift-async in a policy attached to the role: aws iam put-role-policy',
    },
    docs: DOCS.queues,
  },
  postgres: {
    title: 'the database works as a message queue',
    procedure:
      'In one transaction that is rolled back: creates a table, enqueues two messages, dequeues the first with FOR UPDATE SKIP LOCKED, deletes it, and dequeues the second. Skipped with --read-only.',
    rationale: 'With MESSAGE_QUEUE_TYPE=postgres, all of Spacelift’s asynchronous work goes through such a table.',
    permission: 'CREATE on schema public',
    fix: 'Check the failed step and its SQLSTATE, and find the reason in the server’s log.',
    example: {
      found: 'a queue in the database returned messages that differ from those enqueued',
      fix: 'bypass any proxy that changes statements or rows',
    },
    docs: DOCS.queues,
  },
} as const satisfies Readonly<Record<string, Rule>>;

export type QueueRule = keyof typeof RULES;

export const queuesFinding = findingIds<QueueRule, Queue>('message-queues');

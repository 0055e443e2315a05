/** IoT's control plane, and its data plane over HTTPS (IoT API reference). */
import { type Call, type Operation, require } from '../call.ts';
import { AwsError } from '../errors.ts';
import { dnsSuffix } from '../sqs/queue.ts';
import type { RuleOptions, TopicRule } from './rules.ts';
import { matches, parse } from './sql.ts';

export const iot: Record<string, Operation> = {
  DescribeEndpoint(call) {
    const { world, region, request } = call;
    require(call, { arn: '*', account: world.account });
    const type = request.param('endpointType') ?? 'iot:Data';
    const prefixes: Record<string, string> = {
      'iot:Data': `${endpointId}.iot`,
      'iot:Data-ATS': `${endpointId}-ats.iot`,
      'iot:CredentialProvider': `${endpointId}.credentials.iot`,
      'iot:Jobs': `${endpointId}.jobs.iot`,
    };
    const prefix = prefixes[type];
    if (prefix === undefined) throw new AwsError('InvalidRequestException', `Endpoint type is invalid: ${type}`);
    return { endpointAddress: `${prefix}.${region}.${dnsSuffix(world.partition)}` };
  },

  GetTopicRule(call) {
    const { world, region } = call;
    const name = lastSegment(call);
    const rule = world.rules.find(name, region);
    require(call, {
      arn: `arn:${world.partition}:iot:${region}:${world.account}:rule/${name}`,
      account: world.account,
    });
    // AWS does not tell a missing rule from a forbidden one.
    if (rule === undefined) {
      throw new AwsError('UnauthorizedException', `Access to topic rule '${name}' was denied`, { status: 401 });
    }
    const { arn, createdAt, region: _, ...shown } = rule;
    return { ruleArn: arn, rule: { ...shown, createdAt: createdAt / 1000 } };
  },

  CreateTopicRule(call) {
    const { world, region } = call;
    const name = lastSegment(call);
    require(call, ruleAt(call));
    if (world.rules.find(name, region) !== undefined) {
      throw new AwsError('ResourceAlreadyExistsException', `Rule ${name} already exists`, { status: 409 });
    }
    world.rules.create(name, { ...ruleIn(call), region });
    return {};
  },

  ReplaceTopicRule(call) {
    const rule = ruleFor(call);
    Object.assign(rule, { description: '', awsIotSqlVersion: '2015-10-08', ruleDisabled: false, ...ruleIn(call) });
    return {};
  },

  EnableTopicRule(call) {
    ruleFor(call).ruleDisabled = false;
    return {};
  },

  ListTopicRules(call) {
    const { world, region, request } = call;
    require(call, { arn: '*', account: world.account });
    const topic = request.param('topic');
    const disabled = request.param('ruleDisabled');
    const rules = world.rules
      .all()
      .filter((rule) => rule.region === region)
      .filter((rule) => topic === undefined || matches(parse(rule.sql).filter, topic))
      .filter((rule) => disabled === undefined || String(rule.ruleDisabled) === disabled)
      .map(({ arn, ruleName, sql, createdAt, ruleDisabled }) => ({
        ruleArn: arn,
        ruleName,
        topicPattern: parse(sql).filter,
        createdAt: createdAt / 1000,
        ruleDisabled,
      }));
    const from = Number(request.param('nextToken') ?? 0);
    const most = Number(request.param('maxResults') ?? rules.length);
    const next = from + most < rules.length ? { nextToken: String(from + most) } : {};
    return { rules: rules.slice(from, from + most), ...next };
  },

  GetPolicy(call) {
    const { world, region } = call;
    const name = lastSegment(call);
    require(call, {
      arn: `arn:${world.partition}:iot:${region}:${world.account}:policy/${name}`,
      account: world.account,
    });
    throw new AwsError('ResourceNotFoundException', 'Policy not found.', { status: 404 });
  },
};

const ruleAt = ({ world, region, request }: Call) => ({
  arn: `arn:${world.partition}:iot:${region}:${world.account}:rule/${ruleName(request.path)}`,
  account: world.account,
});

const ruleName = (path: string): string => decodeURIComponent(path.split('/')[2] ?? '');

function ruleFor(call: Call): TopicRule {
  const name = ruleName(call.request.path);
  require(call, ruleAt(call));
  const rule = call.world.rules.find(name, call.region);
  if (rule === undefined) throw new AwsError('UnauthorizedException', `Access to topic rule '${name}' was denied`);
  return rule;
}

/** The body is the payload itself. @throws {AwsError} for SQL that is none */
function ruleIn({ input }: Call): RuleOptions {
  try {
    parse(String(input.sql));
  } catch (error) {
    throw new AwsError('SqlParseException', (error as Error).message);
  }
  return input as unknown as RuleOptions;
}

/** The account's part of its endpoints' names. */
export const endpointId = 'a1b2c3d4e5f6g7';

export const iotdata: Record<string, Operation> = {
  async Publish(call) {
    const { world, region, request } = call;
    const topic = decodeURIComponent(request.path.slice('/topics/'.length));
    require(call, {
      arn: `arn:${world.partition}:iot:${region}:${world.account}:topic/${topic}`,
      account: world.account,
    });
    if (topic === '' || /[+#]/.test(topic) || topic.split('/').length > 8) {
      throw new AwsError('InvalidRequestException', `Invalid topic name : '${topic}'`);
    }
    await world.hub.publish(topic, request.body, region);
    return { message: 'OK', traceId: crypto.randomUUID() };
  },
};

/** The operation of a REST request. */
export function restAction(method: string, path: string): string {
  const routes: [string, RegExp, string][] = [
    ['POST', /^\/topics\/./, 'Publish'],
    ['GET', /^\/endpoint$/, 'DescribeEndpoint'],
    ['GET', /^\/rules$/, 'ListTopicRules'],
    ['GET', /^\/rules\/[^/]+$/, 'GetTopicRule'],
    ['POST', /^\/rules\/[^/]+$/, 'CreateTopicRule'],
    ['PATCH', /^\/rules\/[^/]+$/, 'ReplaceTopicRule'],
    ['POST', /^\/rules\/[^/]+\/enable$/, 'EnableTopicRule'],
    ['GET', /^\/policies\/[^/]+$/, 'GetPolicy'],
  ];
  return routes.find(([verb, pattern]) => verb === method && pattern.test(path))?.[2] ?? 'Unknown';
}

function lastSegment({ request }: Call): string {
  return decodeURIComponent(request.path.split('/').at(-1) ?? '');
}

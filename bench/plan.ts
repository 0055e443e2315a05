/** A Terraform plan of an organization: the time until its config is known, compared with parsing its JSON. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSources } from '../src/config/sources/index.ts';
import { AWS_PLAN, type PlannedResource, renderPlan } from '../test/support/plans.ts';
import { inTurns } from './compare.ts';
import { atMost, type Measurement } from './row.ts';

const ROUNDS = 25;
const TARGET = 1.5;
/** In bytes. */
const SIZE = 5_000_000;

const INPUT = { stdin: process.stdin, env: {} };

export const plan: Measurement = {
  id: 'plan',
  measure: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bench-'));
    try {
      const path = join(directory, 'plan.json');
      const text = planOf(SIZE);
      await writeFile(path, text, { mode: 0o600 });
      const [source] = await readSources([path], INPUT);
      const found = source?.terraform?.resources.length ?? 0;
      if (found < AWS_PLAN.length) throw new Error(`only ${found} of ${AWS_PLAN.length} resources were found`);
      const { own, bare } = await inTurns(ROUNDS, {
        bare: () => timed(async () => JSON.parse(await readFile(path, 'utf8'))),
        own: () => timed(() => readSources([path], INPUT)),
      });
      const ratio = own / bare;
      return [
        {
          id: 'plan',
          what: `reading a Terraform plan of ${Math.round(text.length / 1e6)} MB, compared with JSON.parse`,
          figure: `${ratio.toFixed(2)} times`,
          ...atMost(TARGET, ratio, ' times'),
          facts: { ratio, bytes: text.length, resources: found, rounds: ROUNDS },
        },
      ];
    } finally {
      await rm(directory, { recursive: true });
    }
  },
};

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** The vendor's modules beside the machines of other teams, until the plan has the size. */
export function planOf(size: number): string {
  const [none, one] = [render(0).length, render(1).length];
  return render(Math.round((size - none) / (one - none)));
}

/** As `tofu show -json` prints it: each resource is in `resource_changes`, `planned_values` and `configuration`. */
function render(count: number): string {
  const resources = Array.from({ length: count }, (_, index) => instance(index));
  const root_module = {
    child_modules: resources.map(({ module, type, name, after }) => ({
      address: module,
      resources: [
        {
          address: `${module}.${type}.${name}`,
          mode: 'managed',
          type,
          name,
          provider_name: 'registry.opentofu.org/hashicorp/aws',
          schema_version: 1,
          values: after,
          sensitive_values: {},
        },
      ],
    })),
  };
  return renderPlan([...AWS_PLAN, ...resources], {
    planned_values: { outputs: { kubernetes_secrets: { sensitive: true } }, root_module },
    output_changes: { kubernetes_secrets: { actions: ['create'], before: null, after_unknown: true } },
  });
}

/** A virtual machine with the attributes that its provider has, most of them null. */
const instance = (index: number): PlannedResource => ({
  module: `module.team_${index % 50}.module.build`,
  type: 'aws_instance',
  name: `build_${index}`,
  after: {
    ami: 'ami-0abcdef1234567890',
    credit_specification: [],
    get_password_data: false,
    hibernation: null,
    iam_instance_profile: `team-${index % 50}-build`,
    instance_type: 'm7i.2xlarge',
    launch_template: [],
    root_block_device: [{ delete_on_termination: true, encrypted: true, volume_size: 100, volume_type: 'gp3' }],
    source_dest_check: true,
    subnet_id: `subnet-0${index.toString(16).padStart(16, '0')}`,
    tags: { Name: `build-${index}`, Team: `team ${index % 50}`, Note: 'builds "images"\nfor all' },
    timeouts: null,
    user_data:
      '#!/bin/bash\nset -euo pipefail\ncurl -fsSL https://downloads.corp.io/agent.sh | bash -s -- --token "$TOKEN"\n',
    user_data_replace_on_change: false,
    volume_tags: null,
  },
  unknown: {
    associate_public_ip_address: true,
    availability_zone: true,
    cpu_options: true,
    ebs_block_device: true,
    enclave_options: true,
    instance_state: true,
    metadata_options: true,
    network_interface: true,
    primary_network_interface_id: true,
    private_dns: true,
    private_ip: true,
    public_dns: true,
    public_ip: true,
    root_block_device: [
      { device_name: true, iops: true, kms_key_id: true, tags_all: true, throughput: true, volume_id: true },
    ],
    security_groups: true,
    tags: {},
    vpc_security_group_ids: true,
  },
  references: {
    iam_instance_profile: [
      `aws_iam_instance_profile.team_${index % 50}.name`,
      `aws_iam_instance_profile.team_${index % 50}`,
    ],
    subnet_id: ['var.subnet_id'],
  },
});

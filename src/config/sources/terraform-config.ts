/** The config in a plan, a state or the outputs of Terraform. */
import { InputError } from '../entry.ts';
import type { Resource, Terraform } from '../terraform/model.ts';
import { chooseConfig } from './choose.ts';
import { openedIfConfig } from './open.ts';
import { SHOW_PLAN } from './refused.ts';
import { readDocuments } from './shape.ts';
import { candidatesIn } from './terraform.ts';
import type { Reading } from './value.ts';

/** @throws InputError */
export async function readTerraformConfig(terraform: Terraform, file: string): Promise<Reading> {
  const candidates = await candidatesIn(terraform, file, openedIfConfig);
  const isPlan = terraform.kind === 'plan';
  const reading = chooseConfig(file, candidates, (documents) => readDocuments(documents, file));
  if (reading !== undefined) return isPlan ? ofPlan(reading, terraform, file) : reading;
  // The config can be in another plan; the resources are checked anyway.
  if (isPlan && terraform.resources.some(isSpacelifts))
    return ofPlan({ entries: [], incomplete: true, unseen: 'apply' }, terraform, file);
  throw new InputError(`${file}: ${reasonForPlan(terraform)}`);
}

function reasonForPlan({ destroys, errored }: Terraform): string {
  if (errored === true)
    return `the plan failed (errored) before it contained Spacelift’s variables; correct its errors, and pass the new one: ${SHOW_PLAN}`;
  const why =
    destroys === true
      ? 'the plan only destroys, so nothing is left to check after it'
      : 'no output or resource contains Spacelift’s variables (DATABASE_URL, OBJECT_STORAGE_TYPE, …)';
  return `${why}; pass the Secrets, a task definition, or tofu output -raw kubernetes_secrets`;
}

/** With what the plan as a whole says. */
function ofPlan(reading: Reading, terraform: Terraform, file: string): Reading {
  const isErrored = terraform.errored === true;
  const notes = [
    ...(isErrored
      ? [
          `the plan in ${file} failed (errored), so it is incomplete: correct the errors of tofu plan, and check it again`,
        ]
      : []),
    ...(terraform.destroys === true ? [`the plan in ${file} only destroys: what is checked is what it leaves`] : []),
  ];
  return {
    ...reading,
    terraform,
    ...(notes.length > 0 && { notes }),
    ...(isErrored && { incomplete: true, unseen: reading.unseen ?? 'apply' }),
  };
}

/** By its names: the vendor's modules put it in all of them. */
const isSpacelifts = ({ address, values }: Resource): boolean =>
  /spacelift/i.test(address) ||
  Object.values(values).some((value) => typeof value === 'string' && /^spacelift/i.test(value));

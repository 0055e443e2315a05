/** Values that are set where this run can't see them, by the reason. */
import { advice, type Fix } from '../outcome/fix.ts';

interface Wording {
  /** Completes a sentence that starts with the variable, or "may be set by": where the values are. */
  readonly where: string;
  readonly fix: Fix;
}

export const UNSEEN = {
  environmentFiles: {
    where: 'in an environment file that is not known here (environmentFiles)',
    fix: advice`pass that file too, with -f`,
  },
  apply: {
    where: 'to a value that is known only after the plan is applied',
    fix: advice`check again after the apply: tofu show -json | spacelift-preflight -f -`,
  },
  envFile: {
    where: 'in a file that the Compose file names (env_file)',
    fix: advice`pass that file too, with -f; or pass everything: docker compose config | spacelift-preflight -f -`,
  },
  shell: {
    where: 'from a variable of the shell that starts Docker Compose',
    fix: advice`pass the values: docker compose config | spacelift-preflight -f -`,
  },
  passedOn: {
    where: 'from the environment of the program that reads the env file, because its line has no =',
    fix: advice`write NAME=value in its line, or pass the value in an additional -f file`,
  },
  unit: {
    where: 'in a file that the unit names (EnvironmentFile=)',
    fix: advice`pass that file too, with -f`,
  },
  command: {
    where: 'by the command of the container, which reads a file or a secret store before it starts Spacelift',
    fix: advice`pass the values in an additional -f file, or run this tool with the same command in place of Spacelift`,
  },
  cluster: {
    where: 'from a Secret or ConfigMap that is not part of the input',
    fix: advice`pass it too: kubectl get secrets,configmaps -o yaml | spacelift-preflight -f -`,
  },
  operator: {
    where: 'from a Secret that the cluster creates, and that is not part of the input',
    fix: advice`pass that Secret too: kubectl get secrets -o yaml | spacelift-preflight -f -`,
  },
  sops: {
    where: 'in a document that SOPS encrypted',
    fix: advice`decrypt it first: sops -d FILE | spacelift-preflight -f -`,
  },
  platform: {
    where: 'from a secret of the platform that runs the container',
    fix: advice`pass its value in an additional -f file (for example, a dotenv file)`,
  },
  sharedConfig: {
    where: 'in the shared config, which is not part of the input: pass it too, with -f',
    fix: advice`pass the shared config too, with -f`,
  },
  field: {
    where: 'from a field of the pod, which Kubernetes fills in',
    fix: advice`pass its value in an additional -f file (for example, a dotenv file)`,
  },
} as const satisfies Record<string, Wording>;

/** Why a value is not known here. */
export type Unseen = keyof typeof UNSEEN;

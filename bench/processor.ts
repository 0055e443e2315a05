/** A share of a processor, as a Pod's limit gives it: a control group of Linux, which needs root. */
import { access, mkdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** In μs: the kernel's default period, which Kubernetes uses, too. */
const PERIOD_US = 100_000;
const ROOT = '/sys/fs/cgroup';

export interface Share {
  /** The command that runs another one with that share. */
  readonly command: readonly string[];
  /** Must be called after the last command has ended. */
  remove(): Promise<void>;
}

/** @throws Error with the reason if this machine lets nobody make a control group */
export async function shareOf(millicores: number): Promise<Share> {
  const isV1 = await exists(join(ROOT, 'cpu', 'cpu.cfs_quota_us'));
  const group = join(isV1 ? join(ROOT, 'cpu') : ROOT, `bench-${process.pid}`);
  const quota = (millicores * PERIOD_US) / 1000;
  if (!isV1) await writeFile(join(ROOT, 'cgroup.subtree_control'), '+cpu');
  await mkdir(group);
  try {
    if (isV1) {
      await writeFile(join(group, 'cpu.cfs_period_us'), `${PERIOD_US}`);
      await writeFile(join(group, 'cpu.cfs_quota_us'), `${quota}`);
    } else await writeFile(join(group, 'cpu.max'), `${quota} ${PERIOD_US}`);
  } catch (error) {
    await rmdir(group);
    throw error;
  }
  return {
    command: ['sh', '-c', 'echo $$ > "$0" && exec "$@"', join(group, 'cgroup.procs')],
    remove: () => rmdir(group),
  };
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

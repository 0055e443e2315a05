/** What runs and checks the image: which version of each, and how it is had. */
import { install, programOf } from '../peers/install.ts';
import { debian, type Program, python, type Way } from '../peers/ways.ts';

export const PARTS = {
  cyclonedx: python('cyclonedx-python-lib[json-validation]', '11.12.0', 'cyclonedx'),
  runc: debian('runc', 'runc'),
  qemu: debian('qemu-user-static', 'qemu-aarch64-static'),
} as const satisfies Record<string, Way>;

export type Part = keyof typeof PARTS;

export const part = (name: Part): Program => programOf(name, PARTS[name]);

export const installParts = (): Promise<void> => install(PARTS);

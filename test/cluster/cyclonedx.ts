/** Reads a list of contents (SBOM) by CycloneDX's own library. */
import { ended } from '../support/programs.ts';
import { part } from './parts.ts';

const VALIDATE = `
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(sys.stdin.read())
print(fault or '', end='')`;

/** @returns what is wrong with it; empty if nothing is */
export async function cycloneDxFaults(text: string): Promise<string> {
  const env = { PATH: process.env.PATH ?? '', ...part('cyclonedx').env };
  const { code, stdout, stderr } = await ended('python3', ['-c', VALIDATE], { env, stdin: text });
  return code === 0 ? stdout : stderr;
}

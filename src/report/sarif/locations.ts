/** Where a finding points to: the file and the line in which its variable is set. */
import { isAbsolute, relative, resolve, sep } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import type { Location } from '../../config/schema.ts';
import { STDIN, titleOf } from '../../config/sources/quote.ts';
import { usedVariables } from '../phrases.ts';
import type { Report, ReportFinding, ReportVariable } from '../types.ts';

/** The directory in which the tool runs: GitHub takes it for the root of the repository. */
export const ROOT = '%SRCROOT%';
/** Of one result: a variable can be set for each service. */
const MOST_LOCATIONS = 10;

type About = Pick<ReportFinding, 'variable'>;

/** The places where the variable of a finding is set; for a finding without one, the first config file. */
export function locationsIn(report: Report): (finding: About) => object[] {
  const used = usedVariables(report);
  return ({ variable }) => used.get(variable)?.slice(0, MOST_LOCATIONS).map(locationOf) ?? [fileOf(report)];
}

function locationOf({ service, location }: ReportVariable): object {
  if (location === undefined) return nowhere(service);
  const { container, kind, name } = location;
  return {
    ...physical(location),
    logicalLocations: [
      serviceNamed(service),
      ...(container === undefined ? [] : [{ name: container, kind: 'container' }]),
      ...(kind === undefined || name === undefined ? [] : [{ name: `${kind} ${name}`, kind: 'object' }]),
    ],
  };
}

function fileOf({ configFiles = [], service }: Report): object {
  const file = configFiles.find((name) => name !== INPUT) ?? configFiles[0];
  if (file === undefined) return nowhere(service ?? 'all');
  return { ...physical({ file }), logicalLocations: [serviceNamed(service ?? 'all')] };
}

/** GitHub rejects results without a file: this one stands for the environment. */
export const nowhere = (service: string): object => ({
  ...physical({ file: ENVIRONMENT }),
  logicalLocations: [serviceNamed(service)],
});

const serviceNamed = (service: string) => ({ name: service === 'all' ? 'all services' : service, kind: 'service' });

const INPUT = titleOf(STDIN);
const ENVIRONMENT = 'environment';

const physical = ({ file, line = 1 }: Pick<Location, 'file' | 'line'>): object => ({
  physicalLocation: { artifactLocation: artifactOf(file), region: { startLine: line } },
});

/** @param directory relative to which paths are */
export function artifactOf(file: string, directory = process.cwd()): object {
  if (file === INPUT) return { uri: 'standard-input' };
  const path = resolve(directory, file.toWellFormed());
  const below = relative(directory, path);
  if (below === '' || below === '..' || below.startsWith(`..${sep}`) || isAbsolute(below))
    return { uri: pathToFileURL(path).href };
  return { uri: below.split(sep).map(encodeURIComponent).join('/'), uriBaseId: ROOT };
}

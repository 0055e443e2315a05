/** The only file under `src` that imports the registry of checks. */
export { CHECKS } from '../../checks/index.ts';

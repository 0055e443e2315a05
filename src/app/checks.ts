/** The one door to the registry: nothing else under `src` imports `checks`. */
export { CHECKS } from '../../checks/index.ts';

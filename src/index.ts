/** A preflight as a function; see `app/preflight.ts`. */
export * from './app/preflight.ts';

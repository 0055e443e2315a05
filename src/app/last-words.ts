/** What the command line in a container said about itself, in its log. */
export const lastWords = (log: string): string | undefined =>
  [...log.matchAll(/^spacelift-preflight: (.*)$/gm)].at(-1)?.[1];

/**
 * A pattern with large sets of characters, such as `\p{L}`, made when it is first used: V8 makes those of a literal, at 0.2 ms each,
 * as soon as it reads the file.
 * @param source as for `new RegExp`
 */
export function widePattern(source: string, flags: string): () => RegExp {
  let made: RegExp | undefined;
  return () => {
    made ??= new RegExp(source, flags);
    return made;
  };
}

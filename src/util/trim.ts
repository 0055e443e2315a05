/**
 * Without a character at the end, however often it is there. A regular expression such as `/x+$/` looks from every start: on
 * a text that someone else wrote, that can take as long as they like.
 */
export function trimEndOf(text: string, character: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === character) end--;
  return text.slice(0, end);
}

/** Every byte except `A-Z a-z 0-9 - . _ ~` is escaped (RFC 3986): what clouds sign requires more than encodeURIComponent. */
export const percentEncoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** The text behind percent-encoding; a text that is not validly encoded stands for itself. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

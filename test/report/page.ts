/** Reads the HTML report as a browser would. */
import { type DefaultTreeAdapterTypes, type ParserError, parse } from 'parse5';

type Node = DefaultTreeAdapterTypes.Node;
export type Element = DefaultTreeAdapterTypes.Element;

/** What the standard calls a parse error is one here. */
export function elementsOf(text: string): Element[] {
  const errors: ParserError[] = [];
  const document = parse(text, { onParseError: (error) => errors.push(error), sourceCodeLocationInfo: true });
  if (errors.length > 0) throw new Error(errors.map(({ code, startLine }) => `${code} in line ${startLine}`).join());
  return below(document);
}

/** All that are inside, in the order of the page. */
export const below = (node: Node): Element[] =>
  childrenOf(node).flatMap((child) => ('tagName' in child ? [child, ...below(child)] : below(child)));

const childrenOf = (node: Node): Node[] => ('childNodes' in node ? node.childNodes : []);

export const textOf = (node: Node | undefined): string => {
  if (node === undefined) return '';
  return 'value' in node && node.nodeName === '#text' ? node.value : childrenOf(node).map(textOf).join('');
};

export const attribute = ({ attrs }: Element, name: string): string | undefined =>
  attrs.find((attr) => attr.name === name)?.value;

export const withClass = (elements: readonly Element[], name: string): Element[] =>
  elements.filter((element) => (attribute(element, 'class') ?? '').split(' ').includes(name));

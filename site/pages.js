/** Which documents are pages, and where. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import GithubSlugger from 'github-slugger';
import MarkdownIt from 'markdown-it';

const REPOSITORY = JSON.parse(readFileSync('package.json', 'utf8')).homepage.replace(/#.*$/, '');
const INDEX = 'docs/README.md';

/** Every Markdown file that is for people, by its path in the repository. */
export const PAGES = execFileSync('git', ['ls-files', '*.md'], { encoding: 'utf8' })
  .split('\n')
  .filter((path) => /^(?:[A-Z]+\.md|docs\/.*|charts\/.*|test\/services\/README\.md)$/.test(path));

/** The document that Eleventy makes a page of, by its path in the repository. */
export const pathOf = (page) => posix.normalize(page.inputPath);

/** Where the page of a document is: beside the others as in the repository, so that links keep their form. */
export const addressOf = (path) => path.replace(/README\.md$/, 'index.md').replace(/\.md$/, '.html');

/** The link from a page to another address of the website. */
export const between = (page, address) => posix.relative(posix.dirname(addressOf(page)), address);

/** A link of a document as one of its page: to another page, or to the repository for what is no page. */
export function linkFrom(page, href) {
  if (/^(?:[a-z]+:|#)/.test(href)) return href;
  const [path, anchor] = href.split('#');
  const suffix = anchor === undefined ? '' : `#${anchor}`;
  const target = posix.join(posix.dirname(page), path);
  return (PAGES.includes(target) ? between(page, addressOf(target)) : `${REPOSITORY}/tree/main/${target}`) + suffix;
}

const textOf = (inline) =>
  inline.children
    .filter(({ type }) => type === 'text' || type === 'code_inline')
    .map(({ content }) => content)
    .join('');

/** For markdown-it: headings get the ids that GitHub gives them, and links lead to pages. */
export function asOnGitHub(markdown) {
  markdown.core.ruler.push('as_on_github', ({ tokens, env }) => {
    const slugger = new GithubSlugger();
    const page = pathOf(env.page);
    for (const [index, token] of tokens.entries()) {
      if (token.type === 'heading_open') token.attrSet('id', slugger.slug(textOf(tokens[index + 1])));
      for (const child of token.children ?? []) {
        if (child.type === 'link_open') child.attrSet('href', linkFrom(page, child.attrGet('href')));
      }
    }
  });
}

/** The sections of the index with their pages, in its order: what every page has at its side. */
export function contents() {
  const sections = [];
  let heading = false;
  for (const token of new MarkdownIt().parse(readFileSync(INDEX, 'utf8'), {})) {
    if (token.type === 'heading_open') heading = token.tag === 'h2';
    else if (token.type === 'heading_close') heading = false;
    if (token.type !== 'inline') continue;
    if (heading) sections.push({ title: textOf(token), pages: [] });
    const section = sections.at(-1);
    for (const [index, child] of token.children.entries()) {
      if (child.type !== 'link_open' || section === undefined) continue;
      const path = posix.join(posix.dirname(INDEX), child.attrGet('href').split('#')[0]);
      section.pages.push({ path, text: token.children[index + 1].content });
    }
  }
  return sections;
}

import { addressOf, between, pathOf } from './pages.js';

const NAME = 'spacelift-preflight';
const escaped = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

export const render = ({ content, page, sections }) => {
  const path = pathOf(page);
  const title = /<h1[^>]*>(.*?)<\/h1>/s.exec(content)?.[1].replace(/<[^>]*>/g, '') ?? NAME;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'">
<title>${title === NAME ? NAME : `${title} · ${NAME}`}</title>
<link rel="stylesheet" href="${between(path, 'style.css')}">
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header><a href="${between(path, 'index.html')}">${NAME}</a> <a href="${between(path, 'docs/index.html')}">Documentation</a></header>
<nav aria-label="Pages">
${sections.map((section) => sectionOf(section, path)).join('\n')}
</nav>
<main id="content">
${content.replaceAll('<table>', '<div class="table" tabindex="0"><table>').replaceAll('</table>', '</table></div>')}
</main>
</body>
</html>
`;
};

const sectionOf = ({ title, pages }, path) => `<details${pages.some((page) => page.path === path) ? ' open' : ''}>
<summary>${escaped(title)}</summary>
<ul>
${pages.map((page) => `<li><a href="${between(path, addressOf(page.path))}"${page.path === path ? ' aria-current="page"' : ''}>${escaped(page.text)}</a></li>`).join('\n')}
</ul>
</details>`;

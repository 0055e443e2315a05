/** The documents of the repository as a website, in `site/public`. Run from the root of the repository: `npm run site`. */
import { addressOf, asOnGitHub, contents, PAGES, pathOf } from './pages.js';

export default function configure(eleventy) {
  eleventy.amendLibrary('md', (markdown) => markdown.set({ html: false }).use(asOnGitHub));
  // What is no page of its own: other Markdown files, and everything that Git does not have.
  eleventy.ignores.add('**/node_modules/**');
  eleventy.addPreprocessor('pages', 'md', ({ page }, text) => PAGES.includes(pathOf(page)) && text);
  eleventy.addGlobalData(
    'permalink',
    () =>
      ({ page }) =>
        addressOf(pathOf(page)),
  );
  eleventy.addGlobalData('layout', 'page.11ty.js');
  eleventy.addGlobalData('sections', contents);
  eleventy.addPassthroughCopy({ 'site/style.css': 'style.css' });
  return {
    dir: { input: '.', includes: 'site', output: 'site/public' },
    templateFormats: ['md'],
    // Braces in a document are text.
    markdownTemplateEngine: false,
  };
}

/** Chromium, and pages in it that note all that they should not do. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { program } from './install.ts';

export interface Opened {
  readonly page: Page;
  /** Requests besides that for the page, errors of scripts, what the policy refused, dialogs. */
  readonly trouble: readonly string[];
  close(): Promise<void>;
}

export interface Chromium {
  /** Opens a page from a file, as the report is. */
  open(html: string, options?: BrowserContextOptions): Promise<Opened>;
  /** Opens what is at the address. */
  visit(url: string, options?: BrowserContextOptions): Promise<Opened>;
  stop(): Promise<void>;
}

/** @param hosts names that lead to this machine */
export async function startChromium(hosts: readonly string[] = []): Promise<Chromium> {
  const { command, env } = program('chromium');
  const rules = hosts.map((host) => `MAP ${host} 127.0.0.1`).join(',');
  const browser: Browser = await chromium.launch({
    executablePath: command,
    env: { ...process.env, ...env },
    args: [`--host-resolver-rules=${rules}`],
  });
  const folder = await mkdtemp(join(tmpdir(), 'preflight-page-'));
  let pages = 0;
  const visit = async (url: string, options: BrowserContextOptions = {}): Promise<Opened> => {
    const context = await browser.newContext(options);
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const page = await context.newPage();
    const trouble: string[] = [];
    context.on('request', (request) => {
      if (request.url() !== url) trouble.push(`request: ${request.url()}`);
    });
    page.on('pageerror', ({ message }) => trouble.push(`error: ${message}`));
    page.on('console', (message) => trouble.push(`console: ${message.text()}`));
    page.on('dialog', (dialog) => {
      trouble.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(url);
    return { page, trouble, close: () => context.close() };
  };
  return {
    open: async (html, options) => {
      const path = join(folder, `${pages++}.html`);
      await writeFile(path, html);
      return visit(pathToFileURL(path).href, options);
    },
    visit,
    stop: async () => {
      await browser.close();
      await rm(folder, { recursive: true });
    },
  };
}

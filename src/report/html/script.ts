/** What the page does: filters and copies. Without it, all of the report can still be read. */
export const SCRIPT = `
'use strict';
const all = (selector, under = document) => [...under.querySelectorAll(selector)];
const one = (selector, under = document) => under.querySelector(selector);
for (const element of all('.tools, .fix button')) element.hidden = false;

const rows = all('.row').map((row) => ({ row, status: row.dataset.status, text: row.textContent.toLowerCase() }));
const boxes = all('.tools input[type=checkbox]');
const search = one('.tools input[type=search]');
function filter() {
  const statuses = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
  const words = search.value.toLowerCase().split(/\\s+/);
  for (const { row, status, text } of rows) {
    row.hidden = !statuses.has(status) || !words.every((word) => text.includes(word));
  }
  for (const check of all('.check')) check.hidden = one('.row:not([hidden])', check) === null;
  const shown = rows.filter(({ row }) => !row.hidden).length;
  one('.tools output').textContent = shown + ' of ' + rows.length + ' shown';
  one('.none').hidden = shown > 0;
}
for (const box of boxes) box.addEventListener('change', filter);
search.addEventListener('input', filter);
filter();

// A link into the list shows what it leads to, whatever the filters.
function reveal() {
  const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (row === null || row.closest('[hidden]') === null) return;
  for (const box of boxes) box.checked = true;
  search.value = '';
  filter();
  row.scrollIntoView();
}
addEventListener('hashchange', reveal);

async function copy(code) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    return true;
  } catch {
    // Pages from elsewhere than HTTPS and files, and frames, may not: they can copy what is selected.
    getSelection().selectAllChildren(code);
    return document.execCommand('copy');
  }
}
for (const button of all('.fix button')) {
  let timer;
  button.addEventListener('click', async () => {
    const copied = await copy(one('code', button.parentElement));
    button.textContent = copied ? 'copied' : 'selected';
    one('#said').textContent = copied ? 'copied' : 'selected: copy it with Ctrl+C';
    clearTimeout(timer);
    timer = setTimeout(() => {
      button.textContent = 'copy';
      one('#said').textContent = '';
    }, 2000);
  });
}
`;

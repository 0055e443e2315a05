/** The script of the page: filtering and copying. The report is readable without it. */
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

// A link to a finding shows it even if it is filtered out.
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
    // Not allowed in frames or over plain HTTP, where only a selection can be copied.
    getSelection().selectAllChildren(code);
    return document.execCommand('copy');
  }
}
for (const button of all('.fix button')) {
  let timer;
  button.addEventListener('click', async () => {
    const copied = await copy(one('code', button.parentElement));
    button.textContent = copied ? 'copied' : 'selected';
    one('#said').textContent = copied ? 'copied' : 'selected; press Ctrl+C to copy';
    clearTimeout(timer);
    timer = setTimeout(() => {
      button.textContent = 'copy';
      one('#said').textContent = '';
    }, 2000);
  });
}
`;

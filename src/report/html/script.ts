/** The script of the page: filtering and copying. The report is readable without it. */
export const SCRIPT = `
'use strict';
const all = (selector, under = document) => [...under.querySelectorAll(selector)];
const one = (selector, under = document) => under.querySelector(selector);
for (const element of all('.tools, button')) element.hidden = false;

const rows = all('.row').map((row) => ({ row, status: row.dataset.status, text: row.textContent.toLowerCase() }));
const boxes = all('.tools input[type=checkbox]');
const search = one('.tools input[type=search]');
// What a filter finds is opened, and closed again without it.
const groups = all('.check, .rest').map((group) => [group, group.open]);
let wasFiltered = false;
function filter() {
  const isFiltered = search.value.trim() !== '' || boxes.some((box) => !box.checked);
  const statuses = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
  const words = search.value.toLowerCase().split(/\\s+/);
  for (const { row, status, text } of rows) {
    row.hidden = !statuses.has(status) || !words.every((word) => text.includes(word));
  }
  for (const [group, open] of groups) {
    group.hidden = one('.row:not([hidden])', group) === null;
    if (isFiltered) group.open = !group.hidden;
    else if (wasFiltered) group.open = open;
  }
  wasFiltered = isFiltered;
  const shown = rows.filter(({ row }) => !row.hidden).length;
  one('.tools output').textContent = shown + ' of ' + rows.length + ' shown';
  one('.none').hidden = shown > 0;
}
for (const box of boxes) box.addEventListener('change', filter);
search.addEventListener('input', filter);
filter();

// A link to a finding shows it even if it is filtered out or closed.
function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target === null) return;
  if (target.closest('[hidden]') !== null) {
    for (const box of boxes) box.checked = true;
    search.value = '';
    filter();
  }
  for (let element = target; element !== null; element = element.parentElement) {
    if (element.tagName === 'DETAILS') element.open = true;
  }
  target.scrollIntoView();
}
addEventListener('hashchange', reveal);
if (location.hash !== '') reveal();

for (const button of all('button.unfold')) {
  const parts = all('details', button.closest('section')).filter((part) => !part.matches('.script'));
  button.addEventListener('click', () => {
    const open = !parts.every((part) => part.open);
    for (const part of parts) part.open = open;
    button.textContent = open ? 'close all' : 'open all';
  });
}

// On paper, everything is open.
let closed = [];
addEventListener('beforeprint', () => {
  closed = all('details:not([open])');
  for (const part of closed) part.open = true;
});
addEventListener('afterprint', () => {
  for (const part of closed) part.open = false;
});

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
function copying(button, code) {
  const label = button.textContent;
  let timer;
  button.addEventListener('click', async () => {
    const script = code.closest('details.script');
    // Only what is shown can be selected.
    if (navigator.clipboard === undefined && script !== null) script.open = true;
    const copied = await copy(code);
    button.textContent = copied ? 'copied' : 'selected';
    one('#said').textContent = copied ? 'copied' : 'selected; press Ctrl+C to copy';
    clearTimeout(timer);
    timer = setTimeout(() => {
      button.textContent = label;
      one('#said').textContent = '';
    }, 2000);
  });
}
for (const button of all('.fix button')) copying(button, one('code', button.parentElement));
for (const button of all('button.all')) copying(button, one('.script code'));
`;

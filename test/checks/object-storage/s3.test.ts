import { expect, test } from 'vitest';
import { isErrorResponse } from '../../../checks/object-storage/s3/protocol.ts';

test.each([
  ['a page, as of a captive portal', 200, { 'content-type': 'text/html; charset=utf-8' }, true],
  ['an empty answer with a server’s default type', 200, { 'content-type': 'text/html', 'content-length': '0' }, false],
  ['no content with a server’s default type', 204, { 'content-type': 'text/html' }, false],
  ['a document', 200, { 'content-type': 'application/xml' }, false],
  ['a redirect', 301, {}, true],
])('%s', (_, status, headers, refused) => {
  expect(isErrorResponse({ status, headers })).toBe(refused);
});

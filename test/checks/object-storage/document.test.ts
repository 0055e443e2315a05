import { expect, test } from 'vitest';
import { type DocumentKind, documentOf } from '../../../checks/object-storage/s3/document.ts';
import { rootIn } from '../../../checks/object-storage/xml.ts';
import { NetworkError } from '../../../src/net/network-error.ts';

const at = { action: 'list', bucket: 'states', status: 204 } as const;
const read = (text: string, kind: DocumentKind = 'listing') => documentOf(rootIn(Buffer.from(text)), kind, at);

test.each([
  '<List><IsTruncated>false</IsTruncated><Item><Key>a&amp;b</Key></Item><Item><Key>c</Key></Item></List>',
  '\uFEFF<?xml version="1.0" encoding="UTF-8"?>\n<List xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>false</IsTruncated><Item><Key><![CDATA[a&b]]></Key></Item><Item><Key>c</Key></Item></List>',
  '\r\n <?xml version="1.0"?><s3:List xmlns:s3="x"><s3:IsTruncated>false</s3:IsTruncated>\n<s3:Item><s3:Key>a&#38;b</s3:Key></s3:Item><s3:Item><s3:Key>c</s3:Key></s3:Item></s3:List>\n',
])('%s', (text) => {
  const list = read(text);
  expect(list.text('IsTruncated')).toBe('false');
  expect(list.text('Key')).toBeUndefined();
  expect(list.all('Item', 'Other').map((item) => item.text('Key'))).toEqual(['a&b', 'c']);
});

test.each(['', '{}', 'not XML', '<List>', '<List></Lost>', '<List>&undefined;</List>'])(
  '%j is no document of a store',
  (text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ kind: 'not-a-store', bucket: 'states', status: 204 }));
  },
);

test('an error with a success status is no listing, and no sign of another server', () => {
  expect(() => read('<Error><Code>NotImplemented</Code></Error>')).toThrow(
    expect.objectContaining({ kind: 'unsupported' }),
  );
  expect(() => read('<html/>')).toThrow(expect.objectContaining({ kind: 'not-a-store' }));
});

test('anything else instead of a setting means that the store does not know the setting', () => {
  const setting = (text: string) => read(text, 'versioning');
  for (const other of ['<ListBucketResult/>', '<LifecycleConfiguration/>', '<Error/>', '<html/>', '']) {
    expect(() => setting(other)).toThrow(expect.objectContaining({ kind: 'unsupported', action: 'list' }));
  }
  for (const root of ['VersioningConfiguration', 'GetBucketVersioningResponse']) {
    expect(setting(`<${root}><Status>Enabled</Status></${root}>`).text('Status')).toBe('Enabled');
  }
});

test('a list of objects, or nothing, instead of versions means that the store has none', () => {
  for (const other of ['<ListBucketResult/>', '<Error/>', '{}', '']) {
    expect(() => read(other, 'versions')).toThrow(expect.objectContaining({ kind: 'unsupported' }));
  }
  for (const root of ['ListVersionsResult', 'ListBucketVersionsResult']) {
    expect(read(`<${root}><IsTruncated>false</IsTruncated></${root}>`, 'versions').text('IsTruncated')).toBe('false');
  }
});

test('the setting of a lock is known by its name in the query', () => {
  const found = read(
    '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>',
    'object-lock',
  );
  expect(found.text('ObjectLockEnabled')).toBe('Enabled');
});

test('entities are neither defined nor expanded', () => {
  const laughs = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>';
  for (const name of ['a', 'b', 'c']) {
    const text = `${laughs}<List><Key>&${name};</Key></List>`;
    expect(() => read(text)).toThrow(expect.objectContaining({ kind: 'not-a-store' }));
  }
});

test('a page of a thousand versions is read, and one of countless elements is not', () => {
  const version = `<Item>${'<a>1</a>'.repeat(8)}</Item>`;
  expect(read(`<List>${version.repeat(1000)}</List>`).all('Item')).toHaveLength(1000);
  expect(() => read(`<List>${'<a/>'.repeat(40_001)}</List>`)).toThrow(NetworkError);
});

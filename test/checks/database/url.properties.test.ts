/** Any text is a database URL or has one fault, and what is put into a URL comes out of it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NEWER, OLDER } from '../../../checks/database/drivers.ts';
import { parseDatabaseUrl } from '../../../checks/database/url.ts';
import { UrlError } from '../../../checks/database/url-error.ts';
import { urlOutcome } from '../../../checks/database/url-messages.ts';
import { redactor } from '../../../src/config/redact.ts';
import { secretsOf } from '../../../src/config/secrets.ts';
import { anyText } from '../../support/arbitrary.ts';
import { source } from '../../support/preflight.ts';

const RUNS = { numRuns: 400 } as const;

const wellFormed = anyText().filter((text) => text.isWellFormed() && !text.includes('\0'));
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}(\.[a-z]{2,5})?$/);
const port = fc.integer({ min: 1, max: 65_535 });
const host = fc.oneof(
  fc.record({ host: name, port }),
  fc.record({ host: fc.ipV4(), port }),
  fc.record({ host: fc.ipV6().filter((address) => !address.includes('.')), port }),
);
const setting = fc.stringMatching(/^[a-z]{1,12}_x$/);

const written = ({ host: at, port: on }: { host: string; port: number }) =>
  `${at.includes(':') ? `[${at}]` : at}:${on}`;

test('user, password, hosts, database and settings come out as they were put in', () => {
  const parts = fc.record({
    user: wellFormed.filter((text) => text !== ''),
    password: wellFormed,
    hosts: fc.array(host, { minLength: 1, maxLength: 4 }),
    database: fc.stringMatching(/^[a-z][\w $%?#&=+]{0,20}$/),
    settings: fc.dictionary(setting, wellFormed, { maxKeys: 3, noNullPrototype: true }),
  });
  fc.assert(
    fc.property(parts, ({ user, password, hosts, database, settings }) => {
      const query = Object.entries(settings).map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
      const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
      const text = `postgres://${login}@${hosts.map(written).join()}/${encodeURIComponent(database)}?${query.join('&')}`;
      const read = parseDatabaseUrl(text, NEWER);
      expect(read).toMatchObject({ user, password: password || undefined, hosts, database, settings });
    }),
    RUNS,
  );
});

test('a user name may have @ in it, and a socket’s directory stands percent-encoded or in the query', () => {
  fc.assert(
    fc.property(fc.emailAddress(), fc.stringMatching(/^(\/[\w:.-]{1,12}){1,3}$/), port, (email, directory, on) => {
      const user = email.replace(/[^\w@.-]/g, '');
      const hosts = [{ host: directory, port: on }];
      expect(parseDatabaseUrl(`postgres://u:p@${encodeURIComponent(directory)}:${on}/d`, NEWER)).toMatchObject({
        user: 'u',
        hosts,
      });
      expect(parseDatabaseUrl(`postgres://${user}:p@/d?host=${directory}&port=${on}`, OLDER)).toMatchObject({
        user,
        hosts,
      });
    }),
    RUNS,
  );
});

/** A URL in which any part is anything. */
const anyUrl = fc
  .tuple(
    fc.constantFrom('postgres://', 'postgresql://', ''),
    fc.array(
      fc.oneof(
        anyText(),
        fc.constantFrom(
          '@',
          ':',
          '/',
          '?',
          '#',
          '&',
          '=',
          ',',
          '[',
          ']',
          '%2F',
          'sslmode=',
          'host=',
          'connect_timeout=',
        ),
      ),
      { maxLength: 10 },
    ),
  )
  .map(([scheme, parts]) => scheme + parts.join(''));

test('any text is read, or has one fault that is told without it', () => {
  fc.assert(
    fc.property(anyUrl, fc.constantFrom(OLDER, NEWER), (text, driver) => {
      try {
        const { hosts, user, settings } = parseDatabaseUrl(text, driver);
        expect(hosts.length).toBeGreaterThan(0);
        for (const { port: on } of hosts) expect(on).toSatisfy((given: number) => given > 0 && given < 65_536);
        expect(user).not.toBe('');
        for (const value of Object.values(settings)) expect(value).toBeTypeOf('string');
      } catch (error) {
        if (!(error instanceof UrlError)) throw error;
        expect(urlOutcome(error, 'DATABASE_URL').title.length).toBeLessThan(500);
      }
    }),
    { numRuns: 1500 },
  );
});

test('a password that is written as it is, is in no fault, and is a secret where it can be read', () => {
  const password = fc.stringMatching(/^[A-Za-z0-9!@#$%^&*()/?:;=+~[\]{} ]{12,30}$/);
  fc.assert(
    fc.property(password, fc.constantFrom(OLDER, NEWER), (given, driver) => {
      const text = `postgres://spacelift:${given}@db.corp.internal:5432/spacelift?sslmode=require`;
      try {
        const { password: read = '' } = parseDatabaseUrl(text, driver);
        const redact = redactor(secretsOf([source({ DATABASE_URL: text })]));
        if (read.length >= 8) expect(redact(`x ${read} x`)).not.toContain(read);
      } catch (error) {
        if (!(error instanceof UrlError)) throw error;
        const said = JSON.stringify(urlOutcome(error, 'DATABASE_URL'));
        for (const piece of given.match(/[A-Za-z0-9]{5,}/g) ?? []) expect(said).not.toContain(piece);
      }
    }),
    RUNS,
  );
});

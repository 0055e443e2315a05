/** SAML_CERT and SAML_KEY, with which Spacelift identifies itself to an identity provider. */
import { createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { type CertificateFault, readCertificate } from '../../src/config/pem/certificate.ts';
import { holdsPrivateKey } from '../../src/config/pem/envelope.ts';
import { LEAKED_KEY, type PemVariable, pemIssue, withoutKey } from '../../src/config/pem/messages.ts';
import { readPrivateKey } from '../../src/config/pem/private-key.ts';
import type { Context } from '../../src/engine/check.ts';
import { daysLeft, describe } from '../../src/net/certificate.ts';
import { cause } from '../../src/outcome/cause.ts';
import { advice, sh } from '../../src/outcome/fix.ts';
import { fail, type Issue, type Outcome, pass, warn } from '../../src/outcome/outcome.ts';
import { day, plural } from '../../src/util/format.ts';
import { type LoginRule, loginFinding } from './rules.ts';

const CERT = 'SAML_CERT';
const KEY = 'SAML_KEY';

const CREATE = advice`create both, and register the certificate with the identity provider: ${sh`openssl req -x509 -newkey rsa:4096 -nodes -days 3650 -subj /CN=spacelift -keyout saml.key -out saml.crt`}`;
const CERTIFICATE: PemVariable = {
  name: CERT,
  holds: 'certificate',
  expected: 'base64 of a PEM certificate',
  file: 'saml.crt',
  another: CREATE,
  cause: cause.finding(loginFinding('saml/certificate')),
};
const PRIVATE_KEY: PemVariable = {
  name: KEY,
  holds: 'private key',
  expected: 'base64 of the PEM file of a private key without a passphrase',
  file: 'saml.key',
  another: CREATE,
  cause: cause.finding(loginFinding('saml/key')),
};

export async function checkSaml(context: Context<LoginRule>, rules: readonly LoginRule[]): Promise<void> {
  const { check, get } = context;
  if (rules.includes('saml/certificate')) {
    await check('saml/certificate', () => {
      const [held, key] = [get(CERT) ?? '', knownValue(context, KEY)];
      const found = readCertificate(held, CERT);
      if (!('fault' in found)) return judgeCertificate(found, holdsPrivateKey(held));
      const isSwapped = found.fault === 'private-key' && key !== undefined && isCertificate(key);
      return isSwapped ? swapped() : pemIssue(CERTIFICATE, found);
    });
  }
  if (rules.includes('saml/key')) {
    await check('saml/key', () => {
      const [held, cert] = [get(KEY) ?? '', knownValue(context, CERT)];
      const found = readPrivateKey(held, KEY, { any: true });
      const certificate = cert === undefined ? undefined : readCertificate(cert, CERT);
      if (!('fault' in found)) return judgeKey(found, certificate);
      const isSwapped = found.fault === 'certificate' && certificate !== undefined && isKey(certificate);
      return isSwapped ? swapped() : pemIssue(PRIVATE_KEY, found);
    });
  }
}

const knownValue = ({ deployment }: Context<LoginRule>, name: typeof CERT | typeof KEY): string | undefined => {
  const found = deployment.lookup(name);
  return found.state === 'set' ? found.value : undefined;
};

const isCertificate = (value: string): boolean => !('fault' in readCertificate(value, KEY));
const isKey = (found: ReturnType<typeof readCertificate>): boolean => 'fault' in found && found.fault === 'private-key';

const swapped = (): Issue =>
  fail(`${CERT} contains the private key, and ${KEY} the certificate`, {
    expected: `the certificate in ${CERT}, and its private key in ${KEY}`,
    fix: advice`swap the values of ${CERT} and ${KEY}`,
    evidence: { variables: [CERT, KEY] },
    cause: cause.finding(loginFinding('saml/certificate')),
  });

/** @param isKeyed whether the private key is in the same file */
function judgeCertificate(certificate: X509Certificate, isKeyed: boolean): Outcome {
  const { subject, validFrom, validTo } = describe(certificate);
  const evidence = { variable: CERT, subject, validFrom: validFrom.toISOString(), validTo: validTo.toISOString() };
  const renew = advice`create a new certificate for the same key, register it with the identity provider, and set ${CERT}: ${sh`openssl req -x509 -key saml.key -days 3650 -subj /CN=spacelift -out saml.crt`}`;
  if (validFrom.getTime() > Date.now()) {
    return fail(`the SAML certificate is not valid until ${day(validFrom)}`, {
      expected: 'a certificate that is valid today',
      fix: advice`check this machine’s clock (date -u); if it is correct, use a certificate that is already valid`,
      evidence,
    });
  }
  const left = daysLeft({ validFrom, validTo });
  if (isKeyed && (left === undefined || left >= 0)) {
    return warn(`${CERT} also contains the private key`, {
      detail: LEAKED_KEY,
      expected: `only the certificate in ${CERT}, and its private key in ${KEY}`,
      fix: withoutKey(CERT, CERTIFICATE.file),
      evidence,
    });
  }
  if (left === undefined) return pass(`SAML certificate valid until ${day(validTo)}`, { evidence });
  if (left < 0) {
    return fail(`the SAML certificate expired on ${day(validTo)}`, {
      expected: 'a certificate that is valid today',
      fix: renew,
      evidence,
    });
  }
  return warn(`the SAML certificate expires ${left < 1 ? 'today' : `in ${plural(left, 'day')}`}`, {
    expected: 'a certificate that has already been renewed',
    fix: renew,
    evidence,
  });
}

/** @param certificate the one in SAML_CERT; `undefined` if it is not known here */
function judgeKey(key: KeyObject, certificate: X509Certificate | { fault: CertificateFault } | undefined): Outcome {
  const evidence = { variable: KEY, algorithm: key.asymmetricKeyType ?? 'unknown' };
  if (certificate === undefined || 'fault' in certificate) return pass('the SAML key is readable', { evidence });
  if (certificate.publicKey.equals(createPublicKey(key)))
    return pass('the SAML key belongs to the certificate', { evidence });
  return fail(`${KEY} does not belong to the certificate in ${CERT}`, {
    expected: `the private key of the certificate in ${CERT}`,
    fix: advice`set ${CERT} and ${KEY} from files that were created together; these print the same: ${sh`openssl x509 -in saml.crt -noout -pubkey`} and ${sh`openssl pkey -in saml.key -pubout`}`,
    evidence,
    cause: cause.finding(loginFinding('saml/key')),
  });
}

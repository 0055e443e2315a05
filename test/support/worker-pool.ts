/** The credentials of a worker pool, as Spacelift and its guide make them. */
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: new Uint8Array([1, 0, 1]) };
const base64 = (data: string) => Buffer.from(data).toString('base64');

/** A token, with a certificate of the private key. */
export async function makePool(): Promise<{ SPACELIFT_TOKEN: string; SPACELIFT_POOL_PRIVATE_KEY: string }> {
  const keys = await crypto.subtle.generateKey({ ...RSA, modulusLength: 2048 }, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({ keys, name: 'CN=pool' });
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey));
  const pem = `-----BEGIN PRIVATE KEY-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`;
  const broker = { url: 'tls://mqtt.corp.internal:1984', certificate: `${certificate.toString('pem')}\n` };
  return { SPACELIFT_TOKEN: base64(JSON.stringify({ broker })), SPACELIFT_POOL_PRIVATE_KEY: base64(pem) };
}

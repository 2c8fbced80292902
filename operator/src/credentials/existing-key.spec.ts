import { describe, expect, it } from 'vitest';
import type { Secret } from '../kube/core-objects.js';
import { readExistingKey } from './existing-key.js';

function secretOf(entries: Record<string, string>): Secret {
  const data = Object.entries(entries).map(([name, text]) => [name, Buffer.from(text).toString('base64')]);
  return { metadata: { name: 'mine' }, data: Object.fromEntries(data) as Record<string, string> };
}

describe('the key that a user brings', () => {
  it.each([
    ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
    ['accessKeyId', 'secretAccessKey'],
    ['accessKey', 'secretKey'],
    ['access-key-id', 'secret-access-key'],
    ['access-key', 'secret-key'],
    ['COSI_S3_ACCESS_KEY_ID', 'COSI_S3_ACCESS_SECRET_KEY'],
    ['rootUser', 'rootPassword'],
  ])('may be called %s and %s', (id, secret) => {
    const pair = { accessKeyId: 'MYKEY', secretAccessKey: 'my-secret-key' };
    expect(readExistingKey(secretOf({ [id]: 'MYKEY', [secret]: 'my-secret-key', other: 'x' }))).toEqual({ pair });
    expect(readExistingKey(secretOf({ [id]: 'MYKEY\n', [secret]: 'my-secret-key\r\n' }))).toEqual({ pair });
  });

  it.each([
    [{}, /^The Secret mine holds no key pair: it needs one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, /],
    [{ accessKey: 'MYKEY' }, /^The Secret mine has accessKey without secretKey: add it\.$/],
    [{ secretKey: 'my-secret-key' }, /^The Secret mine has secretKey without accessKey: add it\.$/],
    [{ accessKey: 'MY/KEY', secretKey: 'my-secret-key' }, /^accessKey of the Secret mine must be 3 to 128 characters/],
    [{ accessKey: 'MYKEY', secretKey: 'my key' }, /^secretKey of the Secret mine must be 8 to 256 printable/],
  ])('is not in %j', (entries, mistake) => {
    const read = readExistingKey(secretOf(entries));
    expect(read).toEqual({ mistake: expect.stringMatching(mistake) });
    expect(JSON.stringify(read)).not.toMatch(/my-secret-key|my key/);
  });
});

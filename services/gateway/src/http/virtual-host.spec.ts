import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketOfHost } from './virtual-host.js';

const DOMAINS = ['s3.example.com', 'example.org'];

describe('bucketOfHost', () => {
  it.each([
    ['photos.s3.example.com', 'photos'],
    ['photos.s3.example.com:9000', 'photos'],
    ['photos.s3.example.com:', 'photos'],
    ['photos.s3.example.com.', 'photos'],
    ['photos.s3.example.com.:9000', 'photos'],
    ['PHOTOS.S3.Example.COM', 'photos'],
    ['a.b.s3.example.com', 'a.b'],
    ['photos.example.org', 'photos'],
    ['s3.example.com.example.org', 's3.example.com'],
    // No bucket name: whoever parses it refuses it, rather than read the path as if no bucket had been named.
    ['..s3.example.com', '.'],
    ['a_b.s3.example.com', 'a_b'],
  ])('%s names the bucket %s', (host, bucket) => {
    expect(bucketOfHost(host, DOMAINS)).toBe(bucket);
  });

  it.each([
    '',
    ':9000',
    's3.example.com',
    's3.example.com:9000',
    's3.example.com.',
    '.s3.example.com',
    'photoss3.example.com',
    'photos.s3.example.com.evil.test',
    'photos.s3.example.co',
    'localhost',
    '127.0.0.1:9000',
    '[::1]:9000',
    'rebound.evil.test',
  ])('%j names none', (host) => {
    expect(bucketOfHost(host, DOMAINS)).toBeUndefined();
  });

  it('names none by a domain that lies within another', () => {
    const nested = ['s3.example.com', 'example.com'];
    expect(bucketOfHost('s3.example.com', nested)).toBeUndefined();
    expect(bucketOfHost('photos.s3.example.com', nested)).toBe('photos');
    expect(bucketOfHost('photos.example.com', nested)).toBe('photos');
  });

  it('names none where no domain is configured', () => {
    expect(bucketOfHost('photos.s3.example.com', [])).toBeUndefined();
  });

  it('gives back any label before a domain', () => {
    const label = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}$/);
    const port = fc.constantFrom('', ':', ':1', ':65535');
    fc.assert(
      fc.property(label, fc.constantFrom(...DOMAINS), port, (bucket, domain, at) => {
        expect(bucketOfHost(`${bucket}.${domain}${at}`, DOMAINS)).toBe(bucket);
        expect(bucketOfHost(`${bucket}${domain}${at}`, [domain])).toBeUndefined();
      }),
    );
  });
});

import type { IncomingMessage, ServerResponse } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Snapshot } from '../config/snapshot.js';
import { encodePercent } from './percent-encoding.js';
import { parseRequest, type Arrival } from './request-parser.js';
import type { S3Path } from './s3-path.js';
import type { S3Request } from './s3-request.js';

const SNAPSHOT = { domains: ['s3.example.com'] } as unknown as Snapshot;

interface Sketch {
  readonly target: string;
  readonly host?: string;
  readonly rawHeaders?: readonly string[];
  readonly more?: Partial<Arrival>;
  readonly socket?: object;
}

function parse({ target, host = 'localhost:9000', rawHeaders = [], more = {}, socket = {} }: Sketch): S3Request {
  const raw = { method: 'GET', rawHeaders: ['Host', host, ...rawHeaders], socket } as unknown as IncomingMessage;
  const response = {} as ServerResponse;
  const arrival = { id: 'ID', raw, response, target, receivedAt: new Date(0), expectsContinue: false, ...more };
  return parseRequest(arrival, SNAPSHOT);
}

function flat(path: S3Path): string[] {
  if (path.kind === 'root') return ['root'];
  return path.kind === 'bucket' ? ['bucket', path.bucket] : ['object', path.bucket, path.key];
}

describe('parseRequest', () => {
  it.each([
    ['/', ['root']],
    ['/?x', ['root']],
    ['/photos', ['bucket', 'photos']],
    ['/photos/', ['bucket', 'photos']],
    ['/photos/?acl', ['bucket', 'photos']],
    ['/%70hotos/a', ['object', 'photos', 'a']],
    ['/photos/a', ['object', 'photos', 'a']],
    ['/photos/a/b/', ['object', 'photos', 'a/b/']],
    ['/photos//', ['object', 'photos', '/']],
    ['/photos//a//b', ['object', 'photos', '/a//b']],
    ['/photos/a%2Fb', ['object', 'photos', 'a/b']],
    ['/photos/a+b', ['object', 'photos', 'a+b']],
    ['/photos/a%3Fb?c', ['object', 'photos', 'a?b']],
    ['/photos/a?b?c', ['object', 'photos', 'a']],
    ['/photos/a#b', ['object', 'photos', 'a#b']],
    // Nobody here resolves dots: they are a key, which the storage refuses.
    ['/photos/../films', ['object', 'photos', '../films']],
    ['/photos/%2e%2e/films', ['object', 'photos', '../films']],
    ['/photos/%252e', ['object', 'photos', '%2e']],
  ])('%s in path style is %j', (target, expected) => {
    const request = parse({ target });
    expect(flat(request.path)).toEqual(expected);
    expect(request.virtualHosted).toBe(false);
  });

  it.each([
    ['/', ['bucket', 'photos']],
    ['/?acl', ['bucket', 'photos']],
    ['/a', ['object', 'photos', 'a']],
    ['//', ['object', 'photos', '/']],
    ['/films/a', ['object', 'photos', 'films/a']],
  ])('%s in virtual-hosted style is %j', (target, expected) => {
    const request = parse({ target, host: 'photos.s3.example.com:9000' });
    expect(flat(request.path)).toEqual(expected);
    expect(request.virtualHosted).toBe(true);
  });

  it.each([
    ['http://other.test/photos/a', 'InvalidURI'],
    ['*', 'InvalidURI'],
    ['', 'InvalidURI'],
    ['photos/a', 'InvalidURI'],
    ['/photos/%', 'InvalidURI'],
    ['/photos/%C0%AF', 'InvalidURI'],
    ['/photos/a%00', 'InvalidURI'],
    ['/photos/a?x=%FF', 'InvalidURI'],
    ['/%zz/a', 'InvalidURI'],
    ['//photos/a', 'InvalidBucketName'],
    ['/..', 'InvalidBucketName'],
    ['/../etc/passwd', 'InvalidBucketName'],
    ['/%2e%2e/etc/passwd', 'InvalidBucketName'],
    ['/photos%2Fa', 'InvalidBucketName'],
    ['/.bucketway/tmp', 'InvalidBucketName'],
    [`/photos/${'x'.repeat(1025)}`, 'KeyTooLongError'],
    [`/photos/${'%C3%A9'.repeat(513)}`, 'KeyTooLongError'],
  ])('refuses %s: %s', (target, code) => {
    expect(() => parse({ target })).toThrow(expect.objectContaining({ code }));
  });

  it('refuses a host that names what is no bucket, rather than read the path', () => {
    expect(() => parse({ target: '/photos/a', host: 'a_b.s3.example.com' })).toThrow(
      expect.objectContaining({ code: 'InvalidBucketName' }),
    );
  });

  it.each(['gzip', 'gzip, chunked', 'chunked, chunked', 'identity', 'xchunked', ''])(
    'refuses the transfer coding %j',
    (coding) => {
      expect(() => parse({ target: '/', rawHeaders: ['Transfer-Encoding', coding] })).toThrow(
        expect.objectContaining({ code: 'NotImplemented' }),
      );
    },
  );

  it.each(['chunked', 'Chunked', ' chunked '])('takes the transfer coding %j', (coding) => {
    expect(parse({ target: '/', rawHeaders: ['Transfer-Encoding', coding] }).path.kind).toBe('root');
  });

  it('keeps what signatures are over as it was sent', () => {
    const { rawPath, rawQuery, query } = parse({ target: '/photos/%7Ea//b?b=%7e&a=1+2' });
    expect([rawPath, rawQuery]).toEqual(['/photos/%7Ea//b', 'b=%7e&a=1+2']);
    expect(query.get('a')).toBe('1 2');
  });

  it('says where a request is from, and whether over TLS', () => {
    const { remoteAddress, secure } = parse({ target: '/', socket: { remoteAddress: '192.0.2.1', encrypted: true } });
    expect([remoteAddress, secure]).toEqual(['192.0.2.1', true]);
    expect(parse({ target: '/' })).toMatchObject({ remoteAddress: '', secure: false });
  });

  it('sends 100 Continue only to who waits for it', () => {
    const writeContinue = vi.fn();
    const response = { writeContinue } as unknown as ServerResponse;
    parse({ target: '/', more: { response } }).sendContinue();
    expect(writeContinue).not.toHaveBeenCalled();
    parse({ target: '/', more: { response, expectsContinue: true } }).sendContinue();
    expect(writeContinue).toHaveBeenCalledOnce();
  });

  it('gives back any key, however it was encoded, in both styles', () => {
    const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 100 }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(key, fc.boolean(), (text, keepSlash) => {
        const encoded = encodePercent(text, keepSlash);
        expect(flat(parse({ target: `/photos/${encoded}` }).path)).toEqual(['object', 'photos', text]);
        const hosted = parse({ target: `/${encoded}`, host: 'photos.s3.example.com' });
        expect(flat(hosted.path)).toEqual(['object', 'photos', text]);
      }),
    );
  });

  it('throws nothing but S3 errors, whatever the target', () => {
    const target = fc.string({ unit: fc.constantFrom(...'/%?&=.+aé:*#\\2eEfF0'), maxLength: 40 });
    fc.assert(
      fc.property(target, (text) => {
        try {
          parse({ target: `/${text}` });
        } catch (error) {
          expect(error).toMatchObject({ name: 'S3Error', status: 400 });
        }
      }),
    );
  });
});

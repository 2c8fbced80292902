import { describe, expect, it } from 'vitest';
import { parseDigestChallenge } from './digest-challenge.js';
import { DigestCredentials } from './digest-credentials.js';

// RFC 7616, 3.9.1.
const BOTH =
  'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", ' +
  'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';

describe('parseDigestChallenge', () => {
  it('takes the best of several challenges, and leaves other schemes alone', () => {
    expect(parseDigestChallenge(`Basic realm="a, Digest nonce=\\"x\\"", ${BOTH}`)).toEqual({
      realm: 'http-auth@example.org',
      nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
      opaque: 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS',
      algorithm: 'SHA-256',
      qop: true,
      stale: false,
    });
  });

  it('knows a nonce that is too old, and the older form', () => {
    expect(parseDigestChallenge('Digest realm="r", nonce="n", stale=TRUE')).toEqual({
      realm: 'r',
      nonce: 'n',
      algorithm: 'MD5',
      qop: false,
      stale: true,
    });
  });

  it.each([
    '',
    'Basic realm="r"',
    'Digest realm="r"',
    'Digest nonce="n", algorithm=SHA-512',
    'Digest nonce="n", qop="auth-int"',
  ])('cannot answer %j', (header) => {
    expect(parseDigestChallenge(header)).toBeUndefined();
  });
});

describe('DigestCredentials', () => {
  it('answers, with a count that never comes twice', () => {
    const credentials = new DigestCredentials('Mufasa', 'Circle of Life');
    expect(credentials.header('GET', '/')).toBeUndefined();
    const challenge = parseDigestChallenge(BOTH);
    if (challenge === undefined) throw new Error('no challenge');
    credentials.accept(challenge);
    const first = credentials.header('GET', '/dir/index.html') ?? '';
    expect(first).toContain('username="Mufasa"');
    expect(first).toContain('uri="/dir/index.html"');
    expect(first).toContain('nc=00000001');
    expect(first).not.toContain('Circle');
    expect(credentials.header('GET', '/dir/index.html')).toContain('nc=00000002');
  });

  it('computes what RFC 2617, 3.5 without qop does', () => {
    const credentials = new DigestCredentials('Mufasa', 'Circle Of Life');
    credentials.accept({
      realm: 'testrealm@host.com',
      nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
      algorithm: 'MD5',
      qop: false,
      stale: false,
    });
    expect(credentials.header('GET', '/dir/index.html')).toContain('response="670fd8c2df070c60b045671b8b24ff02"');
  });

  it('says names that no quoted string holds in the extended notation', () => {
    const credentials = new DigestCredentials('Jäsøn', 'x');
    credentials.accept({ realm: 'r', nonce: 'n', algorithm: 'SHA-256', qop: true, stale: false });
    expect(credentials.header('GET', '/')).toContain("username*=UTF-8''J%C3%A4s%C3%B8n");
  });
});

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  authSnapshot,
  EMPTY_SHA256,
  EXAMPLE,
  wireRequest,
  type WireRequest,
} from '../../../test/support/auth-fixture.js';
import { AuthGate } from '../auth-gate.js';

// Amazon S3 API reference: "Examples: Signature Calculations in AWS Signature Version 4", "Authenticating Requests: Using
// Query Parameters" and "Transferring Payload in Multiple Chunks" with and without trailing headers.
const gate = new AuthGate();
const host = 'examplebucket.s3.amazonaws.com';
const date = '20130524T000000Z';

function authorization(signedHeaders: string, signature: string): string {
  return `AWS4-HMAC-SHA256 Credential=${EXAMPLE.accessKeyId}/20130524/us-east-1/s3/aws4_request,SignedHeaders=${signedHeaders},Signature=${signature}`;
}

function headers(signedHeaders: string, signature: string, more: Record<string, string> = {}): Record<string, string> {
  return {
    host,
    'x-amz-date': date,
    'x-amz-content-sha256': EMPTY_SHA256,
    ...more,
    authorization: authorization(signedHeaders, signature),
  };
}

const basic = 'host;x-amz-content-sha256;x-amz-date';

const examples: readonly [string, WireRequest][] = [
  [
    'GET Object',
    {
      method: 'GET',
      target: '/test.txt',
      headers: headers(
        'host;range;x-amz-content-sha256;x-amz-date',
        'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
        { range: 'bytes=0-9' },
      ),
    },
  ],
  [
    'PUT Object, with a raw $ in the path',
    {
      method: 'PUT',
      target: '/test$file.text',
      headers: headers(
        'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
        '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
        {
          date: 'Fri, 24 May 2013 00:00:00 GMT',
          'x-amz-storage-class': 'REDUCED_REDUNDANCY',
          'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
        },
      ),
    },
  ],
  [
    'GET Bucket Lifecycle',
    {
      method: 'GET',
      target: '/?lifecycle',
      headers: headers(basic, 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'),
    },
  ],
  [
    'GET Bucket (List Objects)',
    {
      method: 'GET',
      target: '/?prefix=J&max-keys=2',
      headers: headers(basic, '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'),
    },
  ],
  [
    'presigned GET Object',
    {
      method: 'GET',
      target:
        '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request' +
        '&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host' +
        '&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
      headers: { host },
    },
  ],
];

describe('AWS’s published SigV4 examples', () => {
  it.each(examples)('%s', (_, wire) => {
    const { principal } = gate.authenticate(
      wireRequest({ ...wire, hostBucket: 'examplebucket' }),
      'object',
      authSnapshot(),
    );
    expect(principal).toBe(EXAMPLE);
  });

  it('chunked upload', () => {
    const signer = uploadSigner(
      'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      'content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class',
      '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
      { 'content-length': '66824' },
    );
    expect(signer.trailer).toBe(false);
    expect(signer.chunk('a'.repeat(65_536))).toBe('ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648');
    expect(signer.chunk('a'.repeat(1024))).toBe('0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497');
    expect(signer.chunk('')).toBe('b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9');
  });

  it('chunked upload with a trailing header', () => {
    const signer = uploadSigner(
      'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
      'content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer',
      '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
      { 'x-amz-trailer': 'x-amz-checksum-crc32c' },
    );
    expect(signer.trailer).toBe(true);
    expect(signer.chunk('a'.repeat(65_536))).toBe('b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2');
    expect(signer.chunk('a'.repeat(1024))).toBe('1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7');
    expect(signer.chunk('')).toBe('2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992');
    expect(signer.trailerSignature('x-amz-checksum-crc32c:sOO8/Q==\n')).toBe(
      'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435',
    );
  });
});

interface UploadSigner {
  readonly trailer: boolean;
  readonly chunk: (data: string) => string;
  readonly trailerSignature: (headers: string) => string;
}

function uploadSigner(
  payload: string,
  signedHeaders: string,
  signature: string,
  more: Record<string, string>,
): UploadSigner {
  const wire: WireRequest = {
    method: 'PUT',
    target: '/examplebucket/chunkObject.txt',
    headers: headers(signedHeaders, signature, {
      host: 's3.amazonaws.com',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      'x-amz-content-sha256': payload,
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': '66560',
      ...more,
    }),
  };
  const { framing } = gate.authenticate(wireRequest(wire), 'object', authSnapshot());
  if (framing.kind !== 'aws-chunked' || framing.signer === undefined) throw new Error('not signed chunks');
  const { signer, trailer } = framing;
  return {
    trailer,
    chunk: (data) => signer.signChunk(sha256(data)),
    trailerSignature: (trailers) => signer.signTrailer(sha256(trailers)),
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

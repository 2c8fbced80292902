import type { S3Request } from '../../http/s3-request.js';

/** Parameters that are part of the resource, of the S3 developer guide and of what SDKs sign. */
const SUB_RESOURCES: ReadonlySet<string> = new Set([
  'accelerate',
  'acl',
  'analytics',
  'cors',
  'defaultObjectAcl',
  'delete',
  'inventory',
  'lifecycle',
  'location',
  'logging',
  'metrics',
  'notification',
  'object-lock',
  'partNumber',
  'policy',
  'replication',
  'requestPayment',
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-content-type',
  'response-expires',
  'restore',
  'select',
  'select-type',
  'storageClass',
  'tagging',
  'torrent',
  'uploadId',
  'uploads',
  'versionId',
  'versioning',
  'versions',
  'website',
]);

/** Whether SigV2 covers a query parameter: as part of the resource, or as a header that a presigned URL carries. */
export function isSignedByV2(parameter: string): boolean {
  return SUB_RESOURCES.has(parameter) || parameter.toLowerCase().startsWith('x-amz-');
}

/**
 * The `CanonicalizedResource` of SigV2: bucket, path as it was sent, and the sub-resources, sorted and decoded.
 *
 * @param otherSlash a bucket's path with a slash at its end if it came without, and the other way round
 */
export function canonicalResource(request: S3Request, otherSlash = false): string {
  const { path } = request;
  const bucket = request.virtualHosted && path.kind !== 'root' ? `/${path.bucket}` : '';
  const sent = `${bucket}${request.rawPath === '' ? '/' : request.rawPath}`;
  const resource = otherSlash ? withOtherSlash(sent) : sent;
  const signed: string[] = [];
  for (const { name, value } of request.query.list) {
    // "?acl" and "?acl=" are signed alike: SDKs drop the "=" of an empty value.
    if (SUB_RESOURCES.has(name)) signed.push(value === '' ? name : `${name}=${value}`);
  }
  signed.sort(byName);
  const query = signed.length === 0 ? '' : `?${signed.join('&')}`;
  return resource + query;
}

function withOtherSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
}

function byName(a: string, b: string): number {
  const left = a.split('=', 1)[0]!;
  const right = b.split('=', 1)[0]!;
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

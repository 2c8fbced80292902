import { S3Error } from '../../errors/s3-error.js';
import type { HeaderMap } from '../../http/header-map.js';
import { requireFresh } from '../clock-skew.js';
import { parseAmzDate } from '../sigv4/amz-date.js';
import type { V2Signature } from './v2-signature.js';

/**
 * Parses `Authorization: AWS AKID:signature` and checks the date beside it.
 *
 * @throws S3Error `InvalidArgument`, `AccessDenied` without a date, `RequestTimeTooSkewed`
 */
export function parseV2Authorization(authorization: string, headers: HeaderMap, now: Date): V2Signature {
  const credential = authorization.slice('AWS '.length).trim();
  const colon = credential.lastIndexOf(':');
  if (colon < 1 || colon === credential.length - 1) {
    throw S3Error.invalidArgument(
      'Authorization',
      'AWS',
      'AWS authorization header is invalid. Expected "AWS AccessKeyId:signature".',
    );
  }
  const amz = headers.get('x-amz-date');
  const date = headers.get('date') ?? '';
  const time = parseTime(amz ?? date);
  // Also a time before 1970: it is none that a clock could have shown.
  if (!(time >= 0)) {
    throw new S3Error('AccessDenied', { message: 'AWS authentication requires a valid Date or x-amz-date header' });
  }
  requireFresh(time, now);
  return {
    accessKeyId: credential.slice(0, colon),
    signature: credential.slice(colon + 1),
    date: amz === undefined ? date : '',
  };
}

function parseTime(text: string): number {
  return parseAmzDate(text)?.time ?? Date.parse(text);
}

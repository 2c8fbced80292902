import { S3Error } from '../../errors/s3-error.js';
import type { AmzDate } from './amz-date.js';

/** `AKID/20130524/us-east-1/s3/aws4_request`, taken apart. */
export interface Credential {
  readonly accessKeyId: string;
  readonly day: string;
  readonly region: string;
  readonly service: string;
  readonly terminator: string;
  /** All behind the access key id, as it is signed. */
  readonly scope: string;
}

/** Where a credential stood: it decides the error code. */
export type CredentialPlace = 'header' | 'query' | 'form';

const PREFIX = {
  header: 'The authorization header is malformed; ',
  query: 'Error parsing the X-Amz-Credential parameter; ',
  form: 'Error parsing the x-amz-credential field; ',
} as const;

const CODE = {
  header: 'AuthorizationHeaderMalformed',
  query: 'AuthorizationQueryParametersError',
  form: 'InvalidArgument',
} as const;

/** The error for a part of the authorization that cannot be used. */
export function malformed(place: CredentialPlace, reason: string, details?: Record<string, string>): S3Error {
  return new S3Error(CODE[place], { message: PREFIX[place] + reason, ...(details && { details }) });
}

/**
 * Takes a credential apart, from the right: an access key id may hold slashes.
 *
 * @throws S3Error where a part is missing
 */
export function parseCredential(text: string, place: CredentialPlace): Credential {
  const parts = text.split('/');
  if (parts.length < 5 || parts.at(-5) === '') {
    throw malformed(
      place,
      'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
    );
  }
  const [day, region, service, terminator] = parts.slice(-4) as [string, string, string, string];
  const scope = `${day}/${region}/${service}/${terminator}`;
  return { accessKeyId: text.slice(0, -scope.length - 1), day, region, service, terminator, scope };
}

/**
 * Checks that a credential is scoped to this day, region and service, and so that its signature is for nothing else.
 *
 * @throws S3Error which names the expected value; a wrong region carries `Region`, by which SDKs correct themselves
 */
export function checkCredential(credential: Credential, date: AmzDate, region: string, place: CredentialPlace): void {
  if (credential.terminator !== 'aws4_request') {
    throw malformed(place, `incorrect terminal "${credential.terminator}". This endpoint uses "aws4_request".`);
  }
  if (credential.service !== 's3') {
    throw malformed(place, `incorrect service "${credential.service}". This endpoint belongs to "s3".`);
  }
  if (credential.region !== region) {
    throw malformed(place, `the region '${credential.region}' is wrong; expecting '${region}'`, { Region: region });
  }
  if (credential.day !== date.day) {
    throw malformed(
      place,
      `invalid credential date "${credential.day}". This date is not the same as X-Amz-Date: "${date.day}".`,
    );
  }
}

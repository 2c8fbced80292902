import type { QueryParameters } from '../../http/query-parameters.js';
import { type KeyEncoding, parseEncodingType, parsePageSize } from '../parameters/paging-parameters.js';

/** The parameters that all listings of objects share. */
export interface ListParameters {
  readonly prefix: string;
  /** Empty for none. */
  readonly delimiter: string;
  /** Rows: objects and common prefixes together. 0 is allowed. */
  readonly maxKeys: number;
  readonly encoding: KeyEncoding;
}

/** @throws S3Error `InvalidArgument` */
export function parseListParameters(query: QueryParameters): ListParameters {
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    maxKeys: parsePageSize('max-keys', query.get('max-keys')),
    encoding: parseEncodingType(query),
  };
}

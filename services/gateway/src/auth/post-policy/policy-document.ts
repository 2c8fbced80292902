import { S3Error } from '../../errors/s3-error.js';

/** A condition on a form field (its name in lower case) or on the size of the file. */
export type PolicyCondition =
  | { readonly operator: 'eq' | 'starts-with'; readonly field: string; readonly value: string }
  | { readonly operator: 'content-length-range'; readonly minimum: number; readonly maximum: number };

/** The policy of a form upload (S3 API reference, "POST Policy"). */
export interface PolicyDocument {
  /** Milliseconds since the epoch. */
  readonly expiration: number;
  readonly conditions: readonly PolicyCondition[];
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const EXPIRATION = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;

/**
 * Parses a policy.
 *
 * @param base64 the form field `policy`, as it was sent
 * @throws S3Error `InvalidPolicyDocument`, which says what cannot be used
 */
export function parsePolicyDocument(base64: string): PolicyDocument {
  // Blanks first: an expression that allows for them anywhere takes the square of their number.
  if (!BASE64.test(base64.replace(/\s+/g, ''))) throw invalid('Invalid Base64 Encoding.');
  let document: unknown;
  try {
    document = JSON.parse(Buffer.from(base64, 'base64').toString());
  } catch {
    throw invalid('Invalid JSON.');
  }
  if (!isRecord(document)) throw invalid('The policy must be a JSON object.');
  const { expiration, conditions } = document;
  if (typeof expiration !== 'string') throw invalid('Policy missing expiration.');
  const time = EXPIRATION.test(expiration) ? Date.parse(expiration) : Number.NaN;
  if (Number.isNaN(time)) throw invalid(`Invalid 'expiration' value: '${expiration}'`);
  if (!Array.isArray(conditions)) throw invalid('Policy missing conditions.');
  return { expiration: time, conditions: conditions.flatMap(parseCondition) };
}

function parseCondition(condition: unknown): PolicyCondition[] {
  if (Array.isArray(condition)) return [parseList(condition)];
  if (!isRecord(condition)) throw invalid('A condition must be an object or a list.');
  const pairs = Object.entries(condition);
  if (pairs.length !== 1) throw invalid('A condition object must have exactly one property.');
  const [field, value] = pairs[0]!;
  if (typeof value !== 'string') throw invalid(`The value of the condition on ${field} must be a string.`);
  return [{ operator: 'eq', field: field.toLowerCase(), value }];
}

function parseList(list: readonly unknown[]): PolicyCondition {
  const [operatorText, left, right] = list;
  if (typeof operatorText !== 'string' || list.length !== 3) {
    throw invalid('A condition list must have an operator and two operands.');
  }
  const operator = operatorText.toLowerCase();
  switch (operator) {
    case 'eq':
    case 'starts-with':
      if (typeof left !== 'string' || typeof right !== 'string' || !left.startsWith('$')) {
        throw invalid(`The condition ${operatorText} needs a field name that begins with $, and a string.`);
      }
      return { operator, field: left.slice(1).toLowerCase(), value: right };
    case 'content-length-range': {
      const minimum = parseSize(left);
      const maximum = parseSize(right);
      if (minimum > maximum) throw invalid('content-length-range must be from a smaller to a larger size.');
      return { operator, minimum, maximum };
    }
    default:
      throw invalid(`Unknown condition operator: ${operatorText}.`);
  }
}

function parseSize(size: unknown): number {
  // Some form generators write the sizes as strings.
  const number = typeof size === 'string' && /^\d+$/.test(size) ? Number(size) : size;
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 0) {
    throw invalid('content-length-range needs two sizes in bytes.');
  }
  return number;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string): S3Error {
  return new S3Error('InvalidPolicyDocument', { message: `Invalid Policy: ${message}` });
}

import 'reflect-metadata';
import { ArrayNotEmpty, IsArray, IsInt, IsOptional, IsString, MaxLength, Min } from 'class-validator';
import { Rule } from './rule.js';

/** The methods that a CORS rule can allow (Amazon S3 API, CORSRule). */
export const CORS_METHODS = ['GET', 'PUT', 'HEAD', 'POST', 'DELETE'] as const;

/** RFC 9110 section 5.6.2, `token`, without the `*` that is a wildcard here. The names go into response headers. */
const HEADER_NAME = /^[!#$%&'+.^_`|~\dA-Za-z-]+$/;
const HEADER_PATTERN = /^(?=.)[!#$%&'+.^_`|~\dA-Za-z-]*\*?[!#$%&'+.^_`|~\dA-Za-z-]*$/;
const HEADER_NAME_RULE = 'header names such as "ETag"';
const HEADER_PATTERN_RULE = 'header names such as "x-amz-*", with at most one "*"';

const ORIGIN_RULE = 'origins such as "https://app.example.com", with at most one "*"';

/** A CORS rule, in S3's terms with JSON's spelling. */
export class CorsRuleDocument {
  @IsOptional()
  @MaxLength(255, { message: 'must have at most 255 characters' })
  @IsString({ message: 'must be text' })
  readonly id?: string;

  @Rule(
    'isOrigin',
    (value) => typeof value === 'string' && /^[^\s*]*\*?[^\s*]*$/.test(value) && value !== '',
    ORIGIN_RULE,
    true,
  )
  @ArrayNotEmpty({ message: 'must hold at least one origin' })
  @IsArray({ message: `must be a list of ${ORIGIN_RULE}` })
  readonly allowedOrigins!: readonly string[];

  @Rule('isCorsMethod', (value) => CORS_METHODS.includes(value as never), CORS_METHODS.join(', '), true)
  @ArrayNotEmpty({ message: 'must hold at least one method' })
  @IsArray({ message: `must be a list of ${CORS_METHODS.join(', ')}` })
  readonly allowedMethods!: readonly string[];

  @IsOptional()
  @Rule('isHeaderPattern', (value) => matches(value, HEADER_PATTERN), HEADER_PATTERN_RULE, true)
  @IsArray({ message: `must be a list of ${HEADER_PATTERN_RULE}` })
  readonly allowedHeaders?: readonly string[];

  @IsOptional()
  @Rule('isHeaderName', (value) => matches(value, HEADER_NAME), HEADER_NAME_RULE, true)
  @IsArray({ message: `must be a list of ${HEADER_NAME_RULE}` })
  readonly exposeHeaders?: readonly string[];

  @IsOptional()
  @Min(0, { message: 'must not be negative' })
  @IsInt({ message: 'must be a whole number of seconds' })
  readonly maxAgeSeconds?: number;
}

function matches(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value);
}

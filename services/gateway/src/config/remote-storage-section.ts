import { Rule } from '@bucketway/contract';
import { IsInt, IsOptional, IsString, Max, Min, MinLength } from 'class-validator';

const TIMEOUT_RULE = 'a number of seconds from 0.1 to 3600';

/** What hosts that may be redirected to must be, read after "must be a list of". */
export const REDIRECT_HOSTS_RULE = 'hosts such as minio.storage or 10.0.0.7:9000';

/** What the sections of all storages behind a network have in common. */
export abstract class RemoteStorageSection {
  @IsOptional()
  @Rule('isTimeout', isTimeout, TIMEOUT_RULE)
  readonly connectTimeoutSeconds?: number;

  @IsOptional()
  @Rule('isTimeout', isTimeout, TIMEOUT_RULE)
  readonly idleTimeoutSeconds?: number;

  @IsOptional()
  @Max(10_000, { message: 'must be at most 10000' })
  @Min(1, { message: 'must be at least 1' })
  @IsInt({ message: 'must be a whole number of requests' })
  readonly maxConcurrentRequests?: number;

  @IsOptional()
  @Max(10, { message: 'must be at most 10' })
  @Min(0, { message: 'must not be negative' })
  @IsInt({ message: 'must be a whole number of further tries' })
  readonly retries?: number;

  @IsOptional()
  @MinLength(1, { message: 'must be the path of a file' })
  @IsString({ message: 'must be the path of a file' })
  readonly caFile?: string;
}

function isTimeout(value: unknown): boolean {
  return typeof value === 'number' && value >= 0.1 && value <= 3600;
}

/** A host, perhaps with a port: what the host member of a URL may be. */
export function isHost(value: unknown): boolean {
  return typeof value === 'string' && /^[^\s/@?#\\]+$/.test(value) && URL.canParse(`http://${value}`);
}

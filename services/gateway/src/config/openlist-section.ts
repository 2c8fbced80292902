import { isTreePath, Rule, TREE_PATH_RULE } from '@bucketway/contract';
import { IsArray, IsBoolean, IsOptional, IsString, Max, Min, MinLength } from 'class-validator';
import { isHost, REDIRECT_HOSTS_RULE, RemoteStorageSection } from './remote-storage-section.js';
import { isServerUrl, SERVER_URL_RULE } from './server-url.js';

/** What a token must be, read after "must be". */
export const OPENLIST_TOKEN_RULE = "OpenList's static token (its Settings, Other), in one line";

/** Whether text can be sent as a token. */
export function isOpenlistToken(text: unknown): text is string {
  return typeof text === 'string' && /^[\x21-\x7e]{1,4096}$/.test(text);
}

/** `storages[].openlist` of bucketway.yaml. */
export class OpenlistSection extends RemoteStorageSection {
  @Rule('isServerUrl', isServerUrl, SERVER_URL_RULE)
  readonly url!: string;

  @IsOptional()
  @Rule('isTreePath', isTreePath, TREE_PATH_RULE.replace('in the tree', 'in OpenList'))
  readonly path?: string;

  @IsOptional()
  @Rule('isOpenlistToken', isOpenlistToken, OPENLIST_TOKEN_RULE)
  readonly token?: string;

  @IsOptional()
  @MinLength(1, { message: 'must be the path of a file' })
  @IsString({ message: 'must be the path of a file' })
  readonly tokenFile?: string;

  @IsOptional()
  @IsBoolean({ message: 'must be true where renaming over a file replaces it at once, else false' })
  readonly atomicRename?: boolean;

  @IsOptional()
  @Rule('isRefresh', isRefresh, 'never, always, or {olderThanSeconds: N}')
  readonly refresh?: 'never' | 'always' | { readonly olderThanSeconds: number };

  @IsOptional()
  @Max(86_400, { message: 'must be at most 86400' })
  @Min(0, { message: 'must not be negative' })
  readonly listingCacheSeconds?: number;

  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  readonly redirectReads?: boolean;

  @IsOptional()
  @Rule('isHost', isHost, REDIRECT_HOSTS_RULE, true)
  @IsArray({ message: `must be a list of ${REDIRECT_HOSTS_RULE}` })
  readonly allowedRedirectHosts?: readonly string[];
}

function isRefresh(value: unknown): boolean {
  if (value === 'never' || value === 'always') return true;
  if (typeof value !== 'object' || value === null || Object.keys(value).join() !== 'olderThanSeconds') return false;
  const { olderThanSeconds } = value as { olderThanSeconds: unknown };
  return typeof olderThanSeconds === 'number' && olderThanSeconds >= 0 && olderThanSeconds <= 86_400;
}

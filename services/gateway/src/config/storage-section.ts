import { isTreePath, Rule, TREE_PATH_RULE } from '@bucketway/contract';
import { Type } from 'class-transformer';
import { IsOptional, ValidateNested } from 'class-validator';
import { LocalStorageSection } from './local-storage-section.js';
import { OpenlistSection } from './openlist-section.js';
import { S3Section } from './s3-section.js';
import { WebdavSection } from './webdav-section.js';

/** `storages[]` of bucketway.yaml: a mount and one kind of storage; that it is one, `findContradictions` sees to. */
export class StorageSection {
  @Rule('isTreePath', isTreePath, TREE_PATH_RULE)
  readonly mount!: string;

  @IsOptional()
  @ValidateNested({ message: 'must be an object with root' })
  @Type(() => LocalStorageSection)
  readonly local?: LocalStorageSection;

  @IsOptional()
  @ValidateNested({ message: 'must be an object with url and token or tokenFile' })
  @Type(() => OpenlistSection)
  readonly openlist?: OpenlistSection;

  @IsOptional()
  @ValidateNested({ message: 'must be an object with url' })
  @Type(() => WebdavSection)
  readonly webdav?: WebdavSection;

  @IsOptional()
  @ValidateNested({ message: 'must be an object with endpoint, bucket and keys' })
  @Type(() => S3Section)
  readonly s3?: S3Section;
}

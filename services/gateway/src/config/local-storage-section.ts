import { IsIn, IsOptional, IsString, MinLength } from 'class-validator';
import type { Durability, LocalStorageOptions } from './snapshot.js';

const DURABILITIES: readonly Durability[] = ['none', 'file', 'directory'];
const METADATA_PLACES: readonly LocalStorageOptions['metadata'][] = ['auto', 'xattr', 'sidecar'];

/** `storages[].local` of bucketway.yaml. */
export class LocalStorageSection {
  @MinLength(1, { message: 'must be the path of a folder' })
  @IsString({ message: 'must be the path of a folder' })
  readonly root!: string;

  @IsOptional()
  @IsIn(DURABILITIES, { message: `must be one of ${DURABILITIES.join(', ')}` })
  readonly durability?: Durability;

  @IsOptional()
  @IsIn(METADATA_PLACES, { message: `must be one of ${METADATA_PLACES.join(', ')}` })
  readonly metadata?: LocalStorageOptions['metadata'];
}

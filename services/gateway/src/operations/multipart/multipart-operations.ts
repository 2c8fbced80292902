import type { Type } from '@nestjs/common';
import type { Operation } from '../operation.js';
import { AbortMultipartUpload } from './abort-multipart-upload.js';
import { CompleteMultipartUpload } from './complete-multipart-upload.js';
import { CreateMultipartUpload } from './create-multipart-upload.js';
import { ListMultipartUploads } from './list-multipart-uploads.js';
import { ListParts } from './list-parts.js';
import { UploadPartCopy } from './upload-part-copy.js';
import { UploadPart } from './upload-part.js';

/** The operations on multipart uploads, to be provided. They need CopySourceOpener. */
export const MULTIPART_OPERATIONS: readonly Type<Operation<never>>[] = [
  AbortMultipartUpload,
  CompleteMultipartUpload,
  CreateMultipartUpload,
  ListMultipartUploads,
  ListParts,
  UploadPart,
  UploadPartCopy,
];

import type { Type } from '@nestjs/common';
import type { S3ErrorCode } from '../../errors/s3-error-codes.js';
import { S3Error } from '../../errors/s3-error.js';
import type { S3Response } from '../../http/s3-response.js';
import { type BucketContext, type Operation, type OperationDescription, S3Operation } from '../operation.js';
import { fixedDocument } from './fixed-document.js';

/** What every bucket answers to a question about a feature that the gateway does not have: the error, the document, or that all is done. */
interface FixedAnswer extends Pick<OperationDescription, 'name' | 'method'> {
  /** The sub-resource. */
  readonly query: string;
  readonly answer: { readonly error: S3ErrorCode } | { readonly document: string } | 'removed';
}

// File managers and infrastructure tools put these questions when they connect or open a bucket's properties. Each gets what
// S3 answers for a bucket without the feature; setting one stays an explicit NotImplemented.
const READS: readonly FixedAnswer[] = [
  read('GetBucketPolicy', 'policy', { error: 'NoSuchBucketPolicy' }),
  read('GetBucketLifecycleConfiguration', 'lifecycle', { error: 'NoSuchLifecycleConfiguration' }),
  read('GetBucketEncryption', 'encryption', { error: 'ServerSideEncryptionConfigurationNotFoundError' }),
  read('GetBucketWebsite', 'website', { error: 'NoSuchWebsiteConfiguration' }),
  read('GetBucketReplication', 'replication', { error: 'ReplicationConfigurationNotFoundError' }),
  read('GetObjectLockConfiguration', 'object-lock', { error: 'ObjectLockConfigurationNotFoundError' }),
  read('GetPublicAccessBlock', 'publicAccessBlock', { error: 'NoSuchPublicAccessBlockConfiguration' }),
  read('GetBucketVersioning', 'versioning', { document: fixedDocument('VersioningConfiguration') }),
  read('GetBucketLogging', 'logging', { document: fixedDocument('BucketLoggingStatus') }),
  read('GetBucketNotificationConfiguration', 'notification', { document: fixedDocument('NotificationConfiguration') }),
  read('GetBucketAccelerateConfiguration', 'accelerate', { document: fixedDocument('AccelerateConfiguration') }),
  read('GetBucketRequestPayment', 'requestPayment', {
    document: fixedDocument('RequestPaymentConfiguration', { Payer: 'BucketOwner' }),
  }),
  read('GetBucketOwnershipControls', 'ownershipControls', {
    document: fixedDocument('OwnershipControls', { Rule: { ObjectOwnership: 'BucketOwnerEnforced' } }),
  }),
];

// To remove what is not there succeeds, as in S3.
const REMOVALS: readonly FixedAnswer[] = [
  removal('DeleteBucketPolicy', 'policy'),
  removal('DeleteBucketLifecycle', 'lifecycle'),
  removal('DeleteBucketEncryption', 'encryption'),
  removal('DeleteBucketWebsite', 'website'),
  removal('DeleteBucketReplication', 'replication'),
  removal('DeletePublicAccessBlock', 'publicAccessBlock'),
];

/** One operation class for each fixed answer, to be provided like those that are written out. */
export const FIXED_ANSWER_OPERATIONS: readonly Type<Operation<BucketContext>>[] = [...READS, ...REMOVALS].map(define);

function read(name: string, query: string, answer: FixedAnswer['answer']): FixedAnswer {
  return { name, method: 'GET', query, answer };
}

function removal(name: string, query: string): FixedAnswer {
  return { name, method: 'DELETE', query, answer: 'removed' };
}

function define({ name, method, query, answer }: FixedAnswer): Type<Operation<BucketContext>> {
  class FixedAnswerOperation implements Operation<BucketContext> {
    execute({ bucket }: BucketContext): S3Response {
      if (answer === 'removed') return { status: 204, headers: [] };
      if ('document' in answer) return { status: 200, headers: [], body: answer.document };
      throw new S3Error(answer.error, { details: { BucketName: bucket.name } });
    }
  }
  const permission = answer === 'removed' ? 'admin' : 'any';
  S3Operation({ name, method, resource: 'bucket', query: [query], permission, body: 'none' })(FixedAnswerOperation);
  // Nest's messages and stack traces show the class by this name.
  return Object.defineProperty(FixedAnswerOperation, 'name', { value: name });
}

import { Access } from '../../auth/access.js';
import { PostPolicyVerifier } from '../../auth/post-policy/post-policy-verifier.js';
import { parseExpectedDigests } from '../../body/expected-digests.js';
import { createFormFileBody } from '../../body/form-file-body.js';
import { SnapshotStore } from '../../config/snapshot-store.js';
import { S3Error } from '../../errors/s3-error.js';
import { parseObjectKey } from '../../http/object-key.js';
import type { S3Request } from '../../http/s3-request.js';
import type { S3Response } from '../../http/s3-response.js';
import { Buckets } from '../../objects/buckets.js';
import { NO_CONDITIONS } from '../../objects/conditions.js';
import type { ObjectAttributes } from '../../objects/object-info.js';
import { bucketNameOf } from '../bucket/bucket-name-of.js';
import type { Observed } from '../../http/observed.js';
import { type Operation, type OperationContext, S3Operation } from '../operation.js';
import { checkAclHeaders } from '../parameters/acl-headers.js';
import { decodeObjectAttributes } from '../parameters/object-headers.js';
import { requireTagging } from '../../objects/require-capabilities.js';
import { checkTagSet, MAX_OBJECT_TAGS } from '../documents/tag-set.js';
import { parseTaggingDocument } from '../documents/tagging-document.js';
import { refuseUnsupportedUploadHeaders } from '../parameters/unsupported-headers.js';
import { MAX_UPLOAD_BYTES } from '../parameters/upload-size.js';
import { formHeaders } from './form-headers.js';
import { postObjectResponse } from './post-object-response.js';
import { type FormFields, readUploadForm, type UploadForm } from './upload-form.js';

const FILENAME = '${filename}';

/**
 * Stores the file of an HTML form ("POST Object" of the Amazon S3 API reference). Its fields carry the signature, over a
 * policy; the bucket is the one that the request was routed to, whatever a field says.
 */
@S3Operation({
  name: 'PostObject',
  method: 'POST',
  resource: 'bucket',
  permission: 'authenticated',
  body: 'form',
})
export class PostObject implements Operation {
  constructor(
    private readonly buckets: Buckets,
    private readonly access: Access,
    private readonly verifier: PostPolicyVerifier,
    private readonly snapshots: SnapshotStore,
  ) {}

  async execute({ request, observed }: OperationContext): Promise<S3Response> {
    const form = await readUploadForm(request);
    try {
      return await this.store(request, form, observed);
    } catch (error) {
      form.abandon();
      throw error;
    }
  }

  private async store(request: S3Request, form: UploadForm, observed: Observed): Promise<S3Response> {
    const bucketName = bucketNameOf(request);
    const fields = withFilename(form.fields, form.filename);
    const { principal, signatureVersion, contentLengthRange } = this.verifier.verify(
      fields,
      bucketName,
      this.snapshots.current,
      request.receivedAt,
    );
    observed.principal = principal;
    observed.scheme = `${signatureVersion}-form`;
    const key = parseObjectKey(fields.get('key') ?? '');
    const bucket = await this.buckets.find(bucketName);
    const { mapping, store } = bucket;
    this.access.require(principal, mapping, 'write', key);

    const headers = formHeaders(fields);
    checkAclHeaders(headers, principal);
    refuseUnsupportedUploadHeaders(headers);
    const attributes = withTags(decodeObjectAttributes(headers), fields.get('tagging'));
    requireTagging(store, attributes.tags);
    const body = createFormFileBody(form.file, {
      minimum: contentLengthRange?.minimum ?? 0,
      maximum: Math.min(contentLengthRange?.maximum ?? MAX_UPLOAD_BYTES, MAX_UPLOAD_BYTES),
      expected: parseExpectedDigests(fields),
      confirm: () => bucket.confirm(true),
    });
    const info = await store.put({ key, body, attributes, conditions: NO_CONDITIONS });
    observed.objectSize = info.size;
    return postObjectResponse(request, fields, { bucket: bucketName, info });
  }
}

/** Replaced before the policy is checked: a policy speaks of the key that results. */
function withFilename(fields: FormFields, filename: string): FormFields {
  const key = fields.get('key');
  if (key === undefined || !key.includes(FILENAME)) return fields;
  return new Map(fields).set(
    'key',
    key.replaceAll(FILENAME, () => filename),
  );
}

function withTags(attributes: ObjectAttributes, tagging: string | undefined): ObjectAttributes {
  if (tagging === undefined || tagging === '') return attributes;
  try {
    return { ...attributes, tags: checkTagSet(parseTaggingDocument(Buffer.from(tagging)), MAX_OBJECT_TAGS) };
  } catch (error) {
    if (!(error instanceof S3Error && error.code === 'MalformedXML')) throw error;
    throw S3Error.invalidArgument('tagging', tagging, 'The form field tagging must hold a Tagging document.');
  }
}

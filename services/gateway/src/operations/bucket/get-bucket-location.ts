import { SnapshotStore } from '../../config/snapshot-store.js';
import type { S3Response } from '../../http/s3-response.js';
import { compileDocument } from '../../xml/xml-template.js';
import { type Operation, S3Operation } from '../operation.js';

const DOCUMENT = compileDocument<{ readonly region: string }>('LocationConstraint', (xml, slot) => {
  xml.txt(slot.value('region'));
});

/** Tells a bucket's region. */
@S3Operation({
  name: 'GetBucketLocation',
  method: 'GET',
  resource: 'bucket',
  query: ['location'],
  permission: 'any',
  body: 'none',
})
export class GetBucketLocation implements Operation {
  constructor(private readonly snapshots: SnapshotStore) {}

  execute(): S3Response {
    const { region } = this.snapshots.current;
    // S3's oldest region has no name here (Amazon S3 API reference, "GetBucketLocation").
    return { status: 200, headers: [], body: DOCUMENT.render({ region: region === 'us-east-1' ? '' : region }) };
  }
}

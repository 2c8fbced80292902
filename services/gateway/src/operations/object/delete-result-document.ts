import { compileDocument, compileTemplate } from '../../xml/xml-template.js';
import type { ObjectToDelete } from './delete-request-document.js';

/** What became of one entry. */
export interface DeleteOutcome {
  readonly object: ObjectToDelete;
  readonly error?: { readonly code: string; readonly message: string };
}

interface Row {
  readonly key: string;
  readonly versionId: string | undefined;
  readonly code?: string | undefined;
  readonly message?: string | undefined;
}

const DELETED = compileTemplate<Row>('Deleted', (xml, slot) => {
  slot.leaf(xml, 'Key', 'key');
  slot.leaf(xml, 'VersionId', 'versionId');
});

const ERROR = compileTemplate<Row>('Error', (xml, slot) => {
  slot.leaf(xml, 'Key', 'key');
  slot.leaf(xml, 'VersionId', 'versionId');
  slot.leaf(xml, 'Code', 'code');
  slot.leaf(xml, 'Message', 'message');
});

const RESULT = compileDocument<{ readonly deleted: readonly Row[]; readonly errors: readonly Row[] }>(
  'DeleteResult',
  (xml, slot) => {
    slot.part(xml, 'deleted', DELETED);
    slot.part(xml, 'errors', ERROR);
  },
);

/** The answer of DeleteObjects. @param quiet leave out what went well */
export function deleteResultDocument(outcomes: readonly DeleteOutcome[], quiet: boolean): string {
  const deleted: Row[] = [];
  const errors: Row[] = [];
  for (const { object, error } of outcomes) {
    const { key, versionId } = object;
    if (error !== undefined) errors.push({ key, versionId, ...error });
    else if (!quiet) deleted.push({ key, versionId });
  }
  return RESULT.render({ deleted, errors });
}

import { S3Error } from '../../errors/s3-error.js';
import { parseXml } from '../../xml/xml-reader.js';
import { compileDocument } from '../../xml/xml-template.js';
import { aclsDisabled } from '../parameters/acl-headers.js';
import type { Owner } from './owner.js';

const XSI = 'http://www.w3.org/2001/XMLSchema-instance';

const POLICY = compileDocument<Owner>('AccessControlPolicy', (xml, slot) => {
  const owner = xml.ele('Owner');
  slot.leaf(owner, 'ID', 'id');
  slot.leaf(owner, 'DisplayName', 'displayName');
  const grant = xml.ele('AccessControlList').ele('Grant');
  const grantee = grant.ele('Grantee').att('xmlns:xsi', XSI).att('xsi:type', 'CanonicalUser');
  slot.leaf(grantee, 'ID', 'id');
  slot.leaf(grantee, 'DisplayName', 'displayName');
  grant.ele('Permission').txt('FULL_CONTROL');
});

/** The ACL of everything where ACLs are disabled: full control for the owner. */
export function accessControlPolicyDocument(owner: Owner): string {
  return POLICY.render(owner);
}

/**
 * Accepts the document of PutObjectAcl or PutBucketAcl where it says what holds anyway: full control for the owner.
 *
 * @throws S3Error `AccessControlListNotSupported`, `MalformedACLError`, `MissingSecurityHeader` for no document at all
 */
export function checkAccessControlPolicy(document: Buffer, owner: Owner): void {
  if (document.length === 0) {
    throw new S3Error('MissingSecurityHeader', { details: { MissingHeaderName: 'x-amz-acl' } });
  }
  const policy = parsePolicy(document);
  const [grant, ...others] = policy.grants;
  const harmless =
    (policy.owner === undefined || policy.owner === owner.id) &&
    others.length === 0 &&
    grant?.grantee === owner.id &&
    grant.permission === 'FULL_CONTROL';
  if (!harmless) throw aclsDisabled();
}

interface AccessControlPolicy {
  readonly owner: string | undefined;
  /** Grantees that are no canonical user have no id. */
  readonly grants: readonly { readonly grantee: string | undefined; readonly permission: string }[];
}

function parsePolicy(document: Buffer): AccessControlPolicy {
  try {
    const root = parseXml(document, 'AccessControlPolicy');
    const grants = root.child('AccessControlList').children('Grant');
    return {
      owner: root.optionalChild('Owner')?.optionalText('ID'),
      grants: grants.map((grant) => ({
        grantee: grant.child('Grantee').optionalText('ID'),
        permission: grant.text('Permission'),
      })),
    };
  } catch (error) {
    if (error instanceof S3Error && error.code === 'MalformedXML') {
      throw new S3Error('MalformedACLError', { message: error.message });
    }
    throw error;
  }
}

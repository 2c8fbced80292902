import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CORS_METHODS } from './cors-rule-document.js';
import { CONDITION_STATUSES } from './s3-bucket-condition.js';
import { S3_BUCKET_GROUP, S3_BUCKET_KIND, S3_BUCKET_PLURAL, S3_BUCKET_VERSION } from './s3-bucket-names.js';
import * as spec from './s3-bucket-spec.js';
import * as status from './s3-bucket-status.js';

interface Schema {
  readonly type: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly format?: string;
}

const crd = parse(
  readFileSync(new URL('../../../manifests/crds/s3buckets.bucketway.dev.yaml', import.meta.url), 'utf8'),
) as {
  spec: {
    group: string;
    names: Record<string, unknown>;
    versions: [{ name: string; schema: { openAPIV3Schema: Schema } }];
  };
};
const root = crd.spec.versions[0].schema.openAPIV3Schema;

/** The lists behind `(typeof LIST)[number]`. */
const LISTS = new Map<string, unknown>(Object.entries({ ...spec, ...status, CORS_METHODS, CONDITION_STATUSES }));

const declarations = new Map<string, ts.InterfaceDeclaration | ts.TypeAliasDeclaration>();
for (const name of ['s3-bucket', 's3-bucket-spec', 's3-bucket-status', 's3-bucket-condition']) {
  const text = readFileSync(new URL(`${name}.ts`, import.meta.url), 'utf8');
  ts.createSourceFile(name, text, ts.ScriptTarget.Latest).forEachChild((node) => {
    if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) declarations.set(node.name.text, node);
  });
}

/** The schema that a type asks for, as far as types know: members, which of them are required, and closed sets. */
function schemaOf(type: ts.TypeNode): object {
  if (ts.isTypeOperatorNode(type)) return schemaOf(type.type);
  if (ts.isArrayTypeNode(type)) return { type: 'array', items: schemaOf(type.elementType) };
  if (ts.isParenthesizedTypeNode(type)) return schemaOf(type.type);
  if (type.kind === ts.SyntaxKind.StringKeyword) return { type: 'string' };
  if (type.kind === ts.SyntaxKind.NumberKeyword) return { type: 'integer' };
  if (type.kind === ts.SyntaxKind.BooleanKeyword) return { type: 'boolean' };
  if (ts.isIndexedAccessTypeNode(type)) return { type: 'string', enum: listOf(type.objectType) };
  if (ts.isTypeReferenceNode(type) && ts.isIdentifier(type.typeName)) return named(type.typeName.text);
  throw new Error(`no schema is known for ${ts.SyntaxKind[type.kind]}`);
}

function listOf(type: ts.TypeNode): unknown {
  const query = ts.isParenthesizedTypeNode(type) ? type.type : type;
  if (!ts.isTypeQueryNode(query) || !ts.isIdentifier(query.exprName)) throw new Error('expected (typeof LIST)[number]');
  return LISTS.get(query.exprName.text);
}

function named(name: string): object {
  // Open in the schema, so that an operator that knows more can report it under a CRD of before.
  if (name === 'ConditionType' || name === 'ConditionReason') return { type: 'string' };
  const declaration = declarations.get(name);
  if (declaration === undefined) throw new Error(`${name} is not declared beside the S3Bucket`);
  if (ts.isTypeAliasDeclaration(declaration)) return schemaOf(declaration.type);
  const properties: Record<string, object> = {};
  const required: string[] = [];
  for (const member of declaration.members) {
    if (!ts.isPropertySignature(member) || member.type === undefined || !ts.isIdentifier(member.name)) continue;
    properties[member.name.text] = schemaOf(member.type);
    if (member.questionToken === undefined) required.push(member.name.text);
  }
  return { type: 'object', properties, ...(required.length > 0 && { required: required.toSorted() }) };
}

/** What is left of the CRD's schema without what types do not know. */
function bare({ type, properties, required, items, enum: values }: Schema): object {
  const members = Object.entries(properties ?? {}).map(([name, member]) => [name, bare(member)]);
  return {
    type,
    ...(type === 'object' && { properties: Object.fromEntries(members) as object }),
    ...(required && { required: required.toSorted() }),
    ...(items && { items: bare(items) }),
    ...(values && { enum: values }),
  };
}

function* places(schema: Schema, path: string): Generator<[path: string, schema: Schema]> {
  yield [path, schema];
  for (const [name, member] of Object.entries(schema.properties ?? {})) yield* places(member, `${path}.${name}`);
  if (schema.items) yield* places(schema.items, `${path}[]`);
}

describe('the CRD and the types', () => {
  it('have the same names', () => {
    expect(crd.spec).toMatchObject({
      group: S3_BUCKET_GROUP,
      names: { kind: S3_BUCKET_KIND, plural: S3_BUCKET_PLURAL },
      versions: [{ name: S3_BUCKET_VERSION }],
    });
  });

  it.each(['spec', 'status'] as const)('have the same fields in %s', (part) => {
    const schema = root.properties?.[part];
    expect(schema && bare(schema)).toEqual(named(part === 'spec' ? 'S3BucketSpec' : 'S3BucketStatus'));
  });

  const all = [...places(root, '')].filter(([path]) => path !== '');

  it.each(all.filter(([path]) => !path.endsWith('[]')))('describe %s', (_, { description }) => {
    expect(description).toMatch(/^[A-Z].*\.$/s);
  });

  // Without a bound the API server cannot estimate what a CEL rule costs, and refuses the CRD or the next rule in it.
  it.each(all)('bound %s', (_, { type, maxLength, maxItems, format, enum: values }) => {
    if (type === 'string' && format === undefined && values === undefined) expect(maxLength).toBeGreaterThan(0);
    if (type === 'array') expect(maxItems).toBeGreaterThan(0);
  });
});

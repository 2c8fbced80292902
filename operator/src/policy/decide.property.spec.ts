import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { S3Bucket } from '@bucketway/contract';
import { decide } from './decide.js';
import type { Decision } from './decision.js';
import { parsePolicy } from './parse-policy.js';
import { isWithin, pathKey, splitPath } from './path-key.js';
import { PathTemplate } from './path-template.js';

/** Few and close to one another, so that they meet. */
const segment = fc.oneof(
  fc.constantFrom(
    'nas',
    'team',
    'team-b',
    'Team',
    'tea',
    'm',
    'e\u0301',
    '\u00e9',
    '{namespace}',
    '{name}',
    '..',
    '.',
    '',
    'ß',
    'SS',
  ),
  fc.string({ unit: 'grapheme', maxLength: 4 }),
);
const path = fc.array(segment, { maxLength: 5 }).map((segments) => `/${segments.join('/')}`);
const prefix = fc
  .array(fc.constantFrom('nas', 'team', 'team-b', '{namespace}', '{name}', '\u00e9'), { maxLength: 3 })
  .map((segments) => `/${segments.join('/')}`);
const resourceName = fc.oneof(
  fc.constantFrom('team', 'team-b', 'nas'),
  fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,8}[a-z0-9])?$/),
  // Nothing that an API server stores: what if one did?
  fc.constantFrom('..', '.', '', 'a/b', '/', 'nas/team'),
);

function ask(
  prefixes: string[],
  caseInsensitivePaths: boolean,
  wanted: string,
  [namespace, name]: [string, string],
): Decision {
  const policy = parsePolicy({
    caseInsensitivePaths,
    rules: [{ namespaces: { names: ['*'] }, paths: prefixes.map((text) => ({ prefix: text })) }],
  });
  const bucket: S3Bucket = {
    apiVersion: 'bucketway.dev/v1alpha1',
    kind: 'S3Bucket',
    metadata: { namespace, name, uid: '1' },
    spec: { bucketName: 'abc', path: wanted },
  };
  return decide(policy, { namespace: { name: namespace }, bucket });
}

describe('the tenancy policy, whatever is asked of it,', () => {
  it('accepts no path outside every prefix', () => {
    const prefixes = fc.array(prefix, { minLength: 1, maxLength: 3 });
    let accepted = 0;
    fc.assert(
      fc.property(
        prefixes,
        fc.boolean(),
        path,
        fc.tuple(resourceName, resourceName),
        (texts, insensitive, wanted, who) => {
          const decision = ask(texts, insensitive, wanted, who);
          if (!decision.accepted) return;
          accepted++;
          // The served path lies below a prefix byte for byte, so that it does on storages of every kind.
          const [namespace, name] = who;
          const open = texts.map((text) =>
            splitPath(text).map((part) => (part === '{namespace}' ? namespace : part === '{name}' ? name : part)),
          );
          expect(open.some((segments) => isWithin(splitPath(decision.path), segments))).toBe(true);
          expect(splitPath(decision.path)).not.toContain('..');
          expect(pathKey(decision.path, insensitive)).toEqual(pathKey(wanted, insensitive));
        },
      ),
      { numRuns: 2000, examples: [[['/nas/team'], false, '/nas/team-b', ['a', 'b']]] },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  it.each(['/nas/team-b', '/nas/teams/x', '/nas', '/nas/tea/m', '/NAS/team'])(
    'does not take %s for /nas/team',
    (wanted) => {
      expect(ask(['/nas/team'], false, wanted, ['a', 'b'])).toMatchObject({ reason: 'PathNotAllowed' });
    },
  );

  it('expands to as many segments as are written', () => {
    const anything = fc.oneof(resourceName, fc.string());
    fc.assert(
      fc.property(prefix, anything, anything, (text, namespace, name) => {
        const expanded = PathTemplate.parse(text)?.expand({ namespace, name });
        if (expanded === undefined) return;
        expect(expanded).toHaveLength(splitPath(text).length);
        for (const part of expanded) expect(part).not.toMatch(/^\.{0,2}$|[/\\\n\t\0]/);
      }),
      { numRuns: 2000 },
    );
  });

  it('reads no template in which a variable is a part of a segment', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.string(),
        fc.constantFrom('namespace', 'name'),
        (before, after, variable) => {
          fc.pre(!before.endsWith('/') || !(after === '' || after.startsWith('/')));
          expect(PathTemplate.parse(`/${before}{${variable}}${after}`)).toBeUndefined();
        },
      ),
    );
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parsePolicy } from './parse-policy.js';
import { PolicyError } from './policy-error.js';

const RULE = { namespaces: { names: ['team-a'] }, paths: [{ prefix: '/teams/{namespace}' }] };

function mistakesOf(raw: unknown): string[] {
  try {
    parsePolicy(raw);
  } catch (error) {
    if (error instanceof PolicyError) return error.message.split('\n');
    throw error;
  }
  return [];
}

const rule = (change: object): unknown => ({ rules: [{ ...RULE, ...change }] });

describe('parsePolicy', () => {
  it('fills in what a rule leaves out, closed by default', () => {
    const { rules, caseInsensitivePaths } = parsePolicy({ rules: [RULE] });
    expect(caseInsensitivePaths).toBe(false);
    expect(rules).toEqual([
      {
        namespaces: new Set(['team-a']),
        paths: [
          { prefix: expect.objectContaining({ text: '/teams/{namespace}' }), accessModes: ['ReadWrite', 'ReadOnly'] },
        ],
        overlap: 'SameNamespace',
        allow: { reclaimDelete: false, anonymous: new Set(['None']), existingSecret: true },
        limits: {},
        defaults: { quota: {}, rotation: {} },
      },
    ]);
  });

  it('reads all that a rule can have', () => {
    const policy = parsePolicy({
      caseInsensitivePaths: true,
      rules: [
        {
          namespaces: {
            names: ['team-a', '*'],
            selector: { matchLabels: { tier: 'gold' }, matchExpressions: [{ key: 'off', operator: 'DoesNotExist' }] },
          },
          paths: [{ prefix: '/media', accessModes: ['ReadOnly'] }, { prefix: '/teams/{namespace}' }],
          defaultPath: '/teams/{namespace}/{name}',
          bucketNames: { prefix: '{namespace}-', exact: ['media'] },
          overlap: 'ReadOnly',
          allow: { reclaimDelete: true, anonymous: ['Read'], existingSecret: false },
          limits: { bucketsPerNamespace: 100, maxSize: '1Ti' },
          defaults: { quota: { maxSize: '1Gi', maxObjects: 5 }, rotation: { interval: '720h', overlap: '24h' } },
        },
      ],
    });
    expect(policy).toMatchObject({
      caseInsensitivePaths: true,
      rules: [
        {
          selector: [
            { key: 'tier', operator: 'In', values: ['gold'] },
            { key: 'off', operator: 'DoesNotExist', values: [] },
          ],
          bucketNames: { prefix: '{namespace}-', exact: ['media'] },
          overlap: 'ReadOnly',
          allow: { reclaimDelete: true, anonymous: new Set(['None', 'Read']), existingSecret: false },
          limits: { bucketsPerNamespace: 100, maxBytes: 1024 ** 4 },
          defaults: {
            quota: { maxBytes: 1024 ** 3, maxObjects: 5 },
            rotation: { intervalMs: 720 * 3_600_000, overlapMs: 24 * 3_600_000 },
          },
        },
      ],
    });
  });

  it('permits nothing without a rule', () => {
    expect(parsePolicy({ rules: [] }).rules).toEqual([]);
  });

  it.each<[unknown, string]>([
    [null, 'policy: must be an object with rules'],
    ['permissive', 'policy: must be an object with rules'],
    [[], 'policy: must be an object with rules'],
    [{}, 'policy.rules: is missing and must be a list of rules; an empty list permits nothing'],
    [{ rules: [RULE], rule: [] }, 'policy.rule: is not a known field; did you mean "rules"?'],
    [{ rules: [null] }, 'policy.rules[0]: must hold rules'],
    [{ rules: [{ paths: RULE.paths }] }, 'policy.rules[0].namespaces: is missing and must be an object with names'],
    [rule({ namespaces: {} }), 'policy.rules[0].namespaces: must have names or a selector; "names: [\'*\']" and'],
    [rule({ namespaces: { names: [] } }), 'policy.rules[0].namespaces: must have names or a selector'],
    [
      rule({ namespaces: { names: ['team-*'] } }),
      'policy.rules[0].namespaces.names: must be a list of names of namesp',
    ],
    [rule({ namespaces: { names: 'team-a' } }), 'policy.rules[0].namespaces.names: must be a list of names of namespa'],
    [
      rule({ namespaces: { selector: { matchLabels: { a: 1 } } } }),
      'policy.rules[0].namespaces.selector.matchLabels: must be an object from labels to values, both text',
    ],
    [
      rule({ namespaces: { selector: { matchExpressions: [{ key: 'a', operator: 'Is' }] } } }),
      'policy.rules[0].namespaces.selector.matchExpressions[0].operator: must be one of In, NotIn, Exists, DoesNotExist',
    ],
    [
      rule({ namespaces: { selector: { matchExpressions: [{ key: 'a', operator: 'In' }] } } }),
      'policy.rules[0].namespaces.selector.matchExpressions[0].values: must hold at least one value for In',
    ],
    [
      rule({ namespaces: { selector: { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] } } }),
      'policy.rules[0].namespaces.selector.matchExpressions[0].values: must not be there with Exists',
    ],
    [rule({ paths: [] }), 'policy.rules[0].paths: must hold at least one path: a rule without paths permits nothing'],
    [rule({ paths: [{ prefix: 'teams' }] }), 'policy.rules[0].paths[0].prefix: must be an absolute path such as'],
    [rule({ paths: [{ prefix: '/a/../b' }] }), 'policy.rules[0].paths[0].prefix: must be an absolute path'],
    [rule({ paths: [{ prefix: '/a-{namespace}' }] }), 'in which {namespace} and {name} are whole segments'],
    [rule({ paths: [{ prefix: '/{namespaces}' }] }), 'policy.rules[0].paths[0].prefix: must be an absolute path'],
    [rule({ paths: [{ prefix: '/', accessModes: [] }] }), 'paths[0].accessModes: must hold at least one mode'],
    [rule({ paths: [{ prefix: '/', accessModes: ['rw'] }] }), 'accessModes: must be a list of ReadWrite, ReadOnly'],
    [rule({ defaultPath: '/{name}' }), "defaultPath: must lie below one of this rule's prefixes (/teams/{namespace})"],
    [rule({ defaultPath: '/teams' }), "policy.rules[0].defaultPath: must lie below one of this rule's prefixes"],
    [rule({ bucketNames: { prefix: '{team}-' } }), 'policy.rules[0].bucketNames.prefix: must be a-z, 0-9'],
    [rule({ bucketNames: { exact: ['A'] } }), 'policy.rules[0].bucketNames.exact: must be a list of a-z, 0-9'],
    [rule({ overlap: 'Allow' }), 'policy.rules[0].overlap: must be one of Deny, SameNamespace, ReadOnly'],
    [rule({ allow: { anonymous: ['All'] } }), 'policy.rules[0].allow.anonymous: must be a list of None, Read, List'],
    [rule({ allow: { reclaimDelete: 'yes' } }), 'policy.rules[0].allow.reclaimDelete: must be true or false'],
    [rule({ limits: { bucketsPerNamespace: -1 } }), 'policy.rules[0].limits.bucketsPerNamespace: must not be negative'],
    [rule({ limits: { maxSize: '1 TB' } }), 'policy.rules[0].limits.maxSize: must be a number of bytes'],
    [
      rule({ limits: { maxSize: '1Gi' }, defaults: { quota: { maxSize: '2Gi' } } }),
      'policy.rules[0].defaults.quota.maxSize: must be at most limits.maxSize, 1Gi',
    ],
    [rule({ defaults: { rotation: { interval: '30d' } } }), 'defaults.rotation.interval: must be hours, minutes'],
    [rule({ defaults: { rotation: { interval: '5s' } } }), 'defaults.rotation.interval: must be at least 1m'],
    [
      rule({ defaults: { rotation: { interval: '1h', overlap: '1h' } } }),
      'policy.rules[0].defaults.rotation.overlap: must be shorter than the interval',
    ],
  ])('refuses %j', (raw, message) => {
    expect(mistakesOf(raw).join('\n')).toContain(message);
  });

  it('names every mistake at once, where the file has it', () => {
    expect(
      mistakesOf({
        rules: [
          { ...RULE, overlap: 1 },
          { ...RULE, limit: {} },
        ],
      }),
    ).toEqual([
      'policy.rules[0].overlap: must be one of Deny, SameNamespace, ReadOnly',
      'policy.rules[1].limit: is not a known field; did you mean "limits"?',
    ]);
  });

  it('survives what is nested beyond reason', () => {
    let deep: unknown = {};
    for (let level = 0; level < 100_000; level++) deep = { rules: deep };
    expect(mistakesOf(deep)).toEqual(['policy: is nested too deeply']);
  });

  describe('and its documentation', () => {
    const text = readFileSync(new URL('../../../docs/tenancy.md', import.meta.url), 'utf8');

    it('agree on the example', () => {
      const [, yaml = ''] = /```yaml\n([^]*?)```/.exec(text) ?? [];
      expect(parsePolicy((parse(yaml) as { policy: unknown }).policy).rules).toHaveLength(1);
    });
  });
});

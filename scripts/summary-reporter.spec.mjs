import { describe, expect, it } from 'vitest';
import { skips } from './summary-reporter.mjs';

const test = (name, state, note) => ({ type: 'test', fullName: name, result: () => ({ state, note }) });
const suite = (name, mode, ...children) => ({ type: 'suite', fullName: name, options: { mode }, children });
const module = (...children) => ({ type: 'module', children });

describe('what a test run says of what it skipped', () => {
  it('names a suite that was skipped once, with what its title needs', () => {
    const skipped = suite('a server (needs nginx)', 'skip', test('starts', 'skipped'), test('ends', 'skipped'));
    expect(skips([module(skipped, suite('other', 'run', test('works', 'passed')))])).toEqual([
      'SKIPPED a server (needs nginx)',
    ]);
  });

  it('names a test that was skipped in a suite that was not', () => {
    const mixed = suite('TLS', 'run', test('TLS > works', 'passed'), test('TLS > ends (needs openssl)', 'skipped'));
    expect(skips([module(mixed)])).toEqual(['SKIPPED TLS > ends (needs openssl)']);
  });

  it('counts the tests that skipped themselves by what they were lacking', () => {
    const contract = suite(
      'a store',
      'run',
      test('tags', 'skipped', 'no tags'),
      test('tags anew', 'skipped', 'no tags'),
    );
    expect(skips([module(contract)])).toEqual(['SKIPPED 2 tests (no tags)']);
  });

  it('says nothing where nothing was skipped', () => {
    expect(skips([module(test('works', 'passed'))])).toEqual([]);
  });
});

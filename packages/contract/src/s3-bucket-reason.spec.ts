import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CONDITION_TYPES } from './s3-bucket-condition-type.js';
import { CONDITION_REASONS } from './s3-bucket-reason.js';

const troubleshooting = readFileSync(new URL('../../../docs/troubleshooting-kubernetes.md', import.meta.url), 'utf8');

describe('the reasons of conditions', () => {
  it('have an entry each in the documentation, and nothing else has', () => {
    const entries = [...troubleshooting.matchAll(/^### (.+)$/gm)].map(([, title]) => title);
    expect(new Set(entries)).toEqual(new Set(Object.keys(CONDITION_REASONS)));
    expect(entries).toHaveLength(new Set(entries).size);
  });

  it.each(Object.entries(CONDITION_REASONS))('%s has its entry where its condition is', (reason, { types }) => {
    const entry = troubleshooting.split(/^### /m).find((part) => part.startsWith(`${reason}\n`)) ?? '';
    const above = troubleshooting
      .slice(0, troubleshooting.indexOf(`### ${reason}\n`))
      .match(/^## .+$/gm)
      ?.at(-1);
    for (const type of types) expect(`${above} ${entry}`).toContain(type);
  });

  it('are not told of conditions that there are not', () => {
    for (const type of Object.keys(CONDITION_TYPES)) expect(troubleshooting).toContain(`| \`${type}\``);
  });

  it.each(Object.entries(CONDITION_REASONS))(
    '%s is a reason that the CRD takes, with one sentence',
    (reason, { says }) => {
      expect(reason).toMatch(/^[A-Z][A-Za-z]+$/);
      expect(says).toMatch(/^[A-Z].*\.$/);
    },
  );

  it('leave no condition without one', () => {
    const used = new Set(Object.values(CONDITION_REASONS).flatMap(({ types }): readonly string[] => types));
    expect(used).toEqual(new Set(Object.keys(CONDITION_TYPES)));
  });
});

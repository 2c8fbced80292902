import { findMistakes, parseDuration, parseSize, S3_BUCKET_ACCESS_MODES } from '@bucketway/contract';
import type { Mistake } from '@bucketway/contract';
import { plainToInstance } from 'class-transformer';
import { isRecord } from '../kube/is-record.js';
import { findPolicyContradictions } from './find-policy-contradictions.js';
import type { LabelSelector } from './label-selector.js';
import { PathTemplate } from './path-template.js';
import { PolicyError } from './policy-error.js';
import { PolicySection } from './policy-section.js';
import type { DefaultsSection, LabelSelectorSection, LimitsSection, PolicyRuleSection } from './policy-section.js';
import type { Policy, PolicyRule } from './policy.js';

/** The most that text of a policy is nested: what is deeper is no policy, and class-transformer recurses. */
const MAX_DEPTH = 16;

/**
 * Reads `policy` of the operator's configuration file.
 *
 * @param raw what stands there, as a YAML parser gives it
 * @param at where it stands, for the paths of mistakes
 * @throws PolicyError with every mistake and its path
 */
export function parsePolicy(raw: unknown, at: readonly (string | number)[] = ['policy']): Policy {
  const fail = (mistakes: readonly Mistake[]): never => {
    throw new PolicyError(mistakes.map(({ path, message }) => ({ path: [...at, ...path], message })));
  };
  if (!isRecord(raw)) {
    return fail([{ path: [], message: 'must be an object with rules' }]);
  }
  if (depthOf(raw, MAX_DEPTH) === 0) return fail([{ path: [], message: 'is nested too deeply' }]);
  const section = plainToInstance(PolicySection, raw);
  const mistakes = findMistakes(section);
  if (mistakes.length > 0) return fail(mistakes);
  const contradictions = findPolicyContradictions(section);
  if (contradictions.length > 0) return fail(contradictions);
  return { rules: section.rules.map(toRule), caseInsensitivePaths: section.caseInsensitivePaths ?? false };
}

/** What is left of the depth that is allowed; 0 where the value is deeper. */
function depthOf(value: unknown, left: number): number {
  if (left === 0 || typeof value !== 'object' || value === null) return left;
  return Math.min(left, ...Object.values(value).map((member) => Math.min(depthOf(member, left - 1), left)));
}

function toRule(rule: PolicyRuleSection): PolicyRule {
  const { namespaces, defaultPath, bucketNames, allow } = rule;
  return {
    namespaces: new Set(namespaces.names),
    ...(namespaces.selector && { selector: toSelector(namespaces.selector) }),
    paths: rule.paths.map(({ prefix, accessModes = S3_BUCKET_ACCESS_MODES }) => ({
      prefix: toTemplate(prefix),
      accessModes,
    })),
    ...(defaultPath !== undefined && { defaultPath: toTemplate(defaultPath) }),
    ...(bucketNames && {
      bucketNames: {
        ...(bucketNames.prefix !== undefined && { prefix: bucketNames.prefix }),
        exact: bucketNames.exact ?? [],
      },
    }),
    overlap: rule.overlap ?? 'SameNamespace',
    allow: {
      reclaimDelete: allow?.reclaimDelete ?? false,
      anonymous: new Set(['None', ...(allow?.anonymous ?? [])] as const),
      existingSecret: allow?.existingSecret ?? true,
    },
    limits: toLimits(rule.limits),
    defaults: toDefaults(rule.defaults),
  };
}

function toTemplate(text: string): PathTemplate {
  const template = PathTemplate.parse(text);
  if (template === undefined) throw new Error(`${text} passed the schema and is no path template`);
  return template;
}

function toSelector({ matchLabels = {}, matchExpressions = [] }: LabelSelectorSection): LabelSelector {
  return [
    ...Object.entries(matchLabels).map(([key, value]) => ({ key, operator: 'In' as const, values: [value] })),
    ...matchExpressions.map(({ key, operator, values = [] }) => ({ key, operator, values })),
  ];
}

function toLimits({ bucketsPerNamespace, maxSize }: LimitsSection = {}): PolicyRule['limits'] {
  const maxBytes = parseSize(maxSize);
  return {
    ...(bucketsPerNamespace !== undefined && { bucketsPerNamespace }),
    ...(maxBytes !== undefined && { maxBytes }),
  };
}

function toDefaults({ quota, rotation }: DefaultsSection = {}): PolicyRule['defaults'] {
  const maxBytes = parseSize(quota?.maxSize);
  const intervalMs = parseDuration(rotation?.interval);
  const overlapMs = parseDuration(rotation?.overlap);
  return {
    quota: {
      ...(maxBytes !== undefined && { maxBytes }),
      ...(quota?.maxObjects !== undefined && { maxObjects: quota.maxObjects }),
    },
    rotation: { ...(intervalMs !== undefined && { intervalMs }), ...(overlapMs !== undefined && { overlapMs }) },
  };
}

import { parseDuration, parseSize } from '@bucketway/contract';
import type { Mistake } from '@bucketway/contract';
import { PathTemplate } from './path-template.js';
import { MIN_ROTATION_INTERVAL_MS } from './effective-rotation.js';
import type { LabelSelectorSection, PolicyRuleSection, PolicySection } from './policy-section.js';

/** What is wrong between members of a policy that are right each for itself. */
export function findPolicyContradictions({ rules }: PolicySection): Mistake[] {
  return rules.flatMap((rule, index) => {
    return [...ofNamespaces(rule), ...ofPaths(rule), ...ofQuota(rule), ...ofRotation(rule)].map(
      ({ path, message }) => ({ path: ['rules', index, ...path], message }),
    );
  });
}

function ofNamespaces({ namespaces: { names, selector } }: PolicyRuleSection): Mistake[] {
  if ((names === undefined || names.length === 0) && selector === undefined) {
    const message = 'must have names or a selector; "names: [\'*\']" and "selector: {}" are all namespaces';
    return [{ path: ['namespaces'], message }];
  }
  return ofSelector(selector ?? {});
}

function ofSelector({ matchExpressions = [] }: LabelSelectorSection): Mistake[] {
  return matchExpressions.flatMap(({ operator, values = [] }, index): Mistake[] => {
    const path = ['namespaces', 'selector', 'matchExpressions', index, 'values'];
    const wantsValues = operator === 'In' || operator === 'NotIn';
    if (wantsValues && values.length === 0) return [{ path, message: `must hold at least one value for ${operator}` }];
    if (!wantsValues && values.length > 0) return [{ path, message: `must not be there with ${operator}` }];
    return [];
  });
}

function ofPaths({ paths, defaultPath }: PolicyRuleSection): Mistake[] {
  const inner = PathTemplate.parse(defaultPath);
  if (inner === undefined || paths.some(({ prefix }) => PathTemplate.parse(prefix)?.couldHold(inner))) return [];
  const prefixes = paths.map(({ prefix }) => prefix).join(', ');
  return [{ path: ['defaultPath'], message: `must lie below one of this rule's prefixes (${prefixes})` }];
}

function ofQuota({ limits, defaults }: PolicyRuleSection): Mistake[] {
  const most = parseSize(limits?.maxSize) ?? Infinity;
  if ((parseSize(defaults?.quota?.maxSize) ?? 0) <= most) return [];
  return [{ path: ['defaults', 'quota', 'maxSize'], message: `must be at most limits.maxSize, ${limits?.maxSize}` }];
}

function ofRotation({ defaults }: PolicyRuleSection): Mistake[] {
  const interval = parseDuration(defaults?.rotation?.interval);
  const overlap = parseDuration(defaults?.rotation?.overlap);
  if (interval !== undefined && interval < MIN_ROTATION_INTERVAL_MS) {
    return [{ path: ['defaults', 'rotation', 'interval'], message: 'must be at least 1m' }];
  }
  if (interval === undefined || overlap === undefined || overlap < interval) return [];
  return [{ path: ['defaults', 'rotation', 'overlap'], message: 'must be shorter than the interval' }];
}

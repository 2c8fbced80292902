import { getMetadataStorage, validateSync } from 'class-validator';
import type { ValidationError } from 'class-validator';
import type { Mistake } from './mistake.js';
import { nearestName } from './nearest-name.js';

/**
 * Validates an instance of a class with class-validator's decorators, and everything in it. Members that no decorator
 * describes are mistakes too, with the name that was probably meant.
 */
export function findMistakes(instance: object): Mistake[] {
  const mistakes: Mistake[] = [];
  const errors = validateSync(instance, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    validationError: { target: true, value: true },
  });
  for (const error of errors) collect(error, [], mistakes);
  return mistakes;
}

function collect(error: ValidationError, above: readonly (string | number)[], mistakes: Mistake[]): void {
  const path = [...above, step(error)];
  // One message a place: decorators nearest to the member come first, and what the others say follows from them.
  const constraint = Object.keys(error.constraints ?? {})[0];
  if (constraint === 'whitelistValidation') mistakes.push({ path, message: unknownMember(error) });
  else if (constraint !== undefined) mistakes.push({ path, message: broken(error, constraint) });
  for (const child of error.children ?? []) collect(child, path, mistakes);
}

function broken(error: ValidationError, constraint: string): string {
  const message = error.constraints?.[constraint] ?? 'is not valid';
  // A reader who misspelt a name looks for the value, and finds none.
  return error.value === undefined && message.startsWith('must ') ? `is missing and ${message}` : message;
}

function step(error: ValidationError): string | number {
  return Array.isArray(error.target) ? Number(error.property) : error.property;
}

function unknownMember(error: ValidationError): string {
  const known = knownMembers(error.target);
  const nearest = nearestName(error.property, known);
  if (nearest !== undefined) return `is not a known field; did you mean "${nearest}"?`;
  return known.length === 0 ? 'is not a known field' : `is not a known field; known are ${known.join(', ')}`;
}

function knownMembers(target: object | undefined): string[] {
  if (target === undefined) return [];
  const rules = getMetadataStorage().getTargetValidationMetadatas(target.constructor, '', false, false);
  return [...new Set(rules.map((rule) => rule.propertyName))];
}

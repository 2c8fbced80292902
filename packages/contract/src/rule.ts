import { ValidateBy } from 'class-validator';

/**
 * A class-validator decorator for a rule of this package.
 *
 * @param name of the constraint
 * @param holds whether a value is right
 * @param says what the value must be, read after "must be"
 * @param each whether the rule is for each item of a list
 */
export function Rule(name: string, holds: (value: unknown) => boolean, says: string, each = false): PropertyDecorator {
  return ValidateBy(
    {
      name,
      validator: { validate: holds, defaultMessage: () => `must be ${each ? 'a list of ' : ''}${says}` },
    },
    each ? { each } : {},
  );
}

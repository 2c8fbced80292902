import type { ServiceInputTypes, ServiceOutputTypes } from '@aws-sdk/client-s3';

type Headers = Record<string, string>;

/** Of a command of the SDK, what is used here. */
interface HasMiddleware {
  readonly middlewareStack: {
    add(
      middleware: (
        next: (args: {
          input: ServiceInputTypes;
          request?: unknown;
        }) => Promise<{ output: ServiceOutputTypes; response: unknown }>,
      ) => (args: {
        input: ServiceInputTypes;
        request?: unknown;
      }) => Promise<{ output: ServiceOutputTypes; response: unknown }>,
      options: { step: 'build'; name: string },
    ): void;
  };
}

/** Lets a function change a command's headers before they are signed. */
export function withHeaders<C>(command: C, change: (headers: Headers) => void): C {
  (command as HasMiddleware).middlewareStack.add(
    (next) => (args) => {
      change((args.request as { headers: Headers }).headers);
      return next(args);
    },
    { step: 'build', name: 'bucketwayHeaders' },
  );
  return command;
}

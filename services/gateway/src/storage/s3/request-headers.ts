import type { ServiceInputTypes, ServiceOutputTypes } from '@aws-sdk/client-s3';

type Headers = Record<string, string>;

/** Of a request of the SDK, what is changed here. */
interface BuiltRequest {
  readonly headers: Headers;
  readonly query: Record<string, string>;
}

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
  return withRequest(command, 'bucketwayHeaders', ({ headers }) => change(headers));
}

/** Adds parameters to a command's query before it is signed. */
export function withQuery<C>(command: C, parameters: Readonly<Record<string, string>>): C {
  return withRequest(command, 'bucketwayQuery', ({ query }) => Object.assign(query, parameters));
}

function withRequest<C>(command: C, name: string, change: (request: BuiltRequest) => void): C {
  (command as HasMiddleware).middlewareStack.add(
    (next) => (args) => {
      change(args.request as BuiltRequest);
      return next(args);
    },
    { step: 'build', name },
  );
  return command;
}

import { ConsoleLogger } from '@nestjs/common';

/** Contexts in which Nest tells of its own start. */
const FRAMEWORK_CONTEXTS: ReadonlySet<unknown> = new Set(['InstanceLoader', 'NestFactory']);

/** The operator's log: one JSON object a line, or plain lines where a person watches. */
export class OperatorLog extends ConsoleLogger {
  constructor(isTerminal: boolean) {
    super({ json: !isTerminal, colors: isTerminal, logLevels: ['log', 'warn', 'error', 'fatal'] });
  }

  override log(message: unknown, ...rest: unknown[]): void {
    if (!FRAMEWORK_CONTEXTS.has(rest.at(-1))) super.log(message, ...rest);
  }
}

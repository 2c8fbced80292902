import { All, Controller, Req, Res, UseFilters } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Dispatcher } from '../operations/dispatcher.js';
import { Exchange } from './exchange.js';
import { rememberExchange } from './exchanges.js';
import { expectsContinue } from './expect-continue.js';
import { Responder } from './responder.js';
import { S3ExceptionFilter } from './s3-exception.filter.js';
import { turnOf } from './turn.js';

/** The one route: S3's resources are told apart by the dispatcher, since no path is reserved for anything else. */
@Controller()
@UseFilters(S3ExceptionFilter)
export class GatewayController {
  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly responder: Responder,
  ) {}

  @All('/')
  async handle(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    reply.hijack();
    const { raw } = request;
    const turn = turnOf(raw, reply.raw);
    if (turn !== undefined && !(await turn)) return;
    const exchange = new Exchange(raw, reply.raw, request.originalUrl, expectsContinue(raw));
    rememberExchange(exchange);
    await this.responder.send(exchange, await this.dispatcher.dispatch(exchange));
  }
}

import { Module } from '@nestjs/common';
import { ObjectsModule } from '../objects/objects.module.js';
import { OperationsModule } from '../operations/operations.module.js';
import { GatewayController } from './gateway.controller.js';
import { Responder } from './responder.js';

/** Requests as they come in, and the answers to them. */
@Module({
  imports: [ObjectsModule, OperationsModule],
  controllers: [GatewayController],
  providers: [Responder],
})
export class HttpModule {}

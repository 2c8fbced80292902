import { Module } from '@nestjs/common';
import { ObjectsModule } from '../objects/objects.module.js';
import { BucketMeter } from './bucket-meter.js';

/** How full buckets are. What this process knows of that is given to all modules by the process that runs the gateway. */
@Module({
  imports: [ObjectsModule],
  providers: [BucketMeter],
})
export class UsageModule {}

import { Module } from '@nestjs/common';
import { KubeModule } from '../kube/kube.module.js';
import { ClusterCache } from './cluster-cache.js';

/** What the operator knows of the cluster. */
@Module({ imports: [KubeModule], providers: [ClusterCache], exports: [ClusterCache] })
export class ClusterModule {}

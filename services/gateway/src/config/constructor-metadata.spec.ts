import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';

@Injectable()
class Dependency {}

@Injectable()
class Dependent {
  constructor(readonly dependency: Dependency) {}
}

@Module({ providers: [Dependency, Dependent] })
class SampleModule {}

describe('the test toolchain', () => {
  it('emits the constructor types that Nest injects by', async () => {
    const module = await Test.createTestingModule({ imports: [SampleModule] }).compile();
    expect(module.get(Dependent).dependency).toBeInstanceOf(Dependency);
  });
});

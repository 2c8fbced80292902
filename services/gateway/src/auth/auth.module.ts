import { Module } from '@nestjs/common';
import { Access } from './access.js';
import { AuthGate } from './auth-gate.js';
import { PostPolicyVerifier } from './post-policy/post-policy-verifier.js';

/** Who a request is from, and what they may do. */
@Module({
  providers: [Access, AuthGate, PostPolicyVerifier],
  exports: [Access, AuthGate, PostPolicyVerifier],
})
export class AuthModule {}

/// What the connections of one proxy share.
final class EgressContext {
  let policy: AddressPolicy
  let resolver: AddressResolver
  let limits: EgressLimits
  let counters: EgressCounters
  /// For one read at a time; nobody keeps a reference to what is in it.
  let scratch: UnsafeMutableRawBufferPointer

  init(policy: AddressPolicy, resolver: AddressResolver, limits: EgressLimits, counters: EgressCounters) {
    self.policy = policy
    self.resolver = resolver
    self.limits = limits
    self.counters = counters
    scratch = .allocate(byteCount: limits.bufferBytes, alignment: 16)
  }

  deinit { scratch.deallocate() }
}

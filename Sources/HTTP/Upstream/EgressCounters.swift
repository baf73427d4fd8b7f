package import Synchronization

/// Figures of one or more egress proxies; readable from any thread.
package final class EgressCounters: Sendable {
  package let open = Atomic<Int>(0)
  package let openedTotal = Atomic<UInt64>(0)
  /// Connections whose target the policy refused.
  package let refusedTotal = Atomic<UInt64>(0)
  package let bytesFromOrigins = Atomic<UInt64>(0)
  package let bytesToOrigins = Atomic<UInt64>(0)

  package init() {}
}

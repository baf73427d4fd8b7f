package import Synchronization

/// Figures of one or more clients; readable from any thread.
package final class UpstreamCounters: Sendable {
  /// Transfers that have begun and not ended.
  package let open = Atomic<Int>(0)
  package let openedTotal = Atomic<UInt64>(0)
  /// Bytes of bodies.
  package let bytesIn = Atomic<UInt64>(0)

  package init() {}
}

package import Synchronization

/// What the server counts. Read from any thread, relaxed.
package final class HTTPServerMetrics: Sendable {
  /// Open now, sockets given away included.
  package let connectionsOpen = Atomic<Int>(0)
  /// Of these, given away.
  package let connectionsTaken = Atomic<Int>(0)
  package let acceptedTotal = Atomic<UInt64>(0)
  /// Pauses of a listener because descriptors or memory had run out.
  package let acceptPausesTotal = Atomic<UInt64>(0)
  /// Connections refused for a limit.
  package let refusedTotal = Atomic<UInt64>(0)
  package let requestsTotal = Atomic<UInt64>(0)
  /// Connections ended for a head, body, idle or write deadline.
  package let timeoutsTotal = Atomic<UInt64>(0)
  /// Written by the server itself; what the takers of sockets write is theirs to count.
  package let bytesOutTotal = Atomic<UInt64>(0)

  package init() {}
}

extension Atomic where Value == UInt64 {
  func increment(by count: Int = 1) { wrappingAdd(UInt64(count), ordering: .relaxed) }
}

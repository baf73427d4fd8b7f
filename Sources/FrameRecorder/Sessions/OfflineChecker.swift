internal import Observability

/// Ends the sessions of devices that have fallen silent: the shell of `SilentDevices`. Used by one task at a time.
package struct OfflineChecker: ~Copyable {
  private let store: FrameStore
  private let metrics: KeepingMetrics
  private var devices = SilentDevices()
  private var lastLook: FrameTime?
  /// Devices asked in one pipeline.
  private static let part = 500

  package init(store: FrameStore, metrics: KeepingMetrics) { (self.store, self.metrics) = (store, metrics) }

  /// One round. Answers how many sessions it ended.
  nonisolated(nonsending) package mutating func round() async throws(FrameStoreError) -> Int {
    let now = try await store.now()
    if let last = lastLook, now < last { devices.forget() }
    lastLook = now
    try await look()
    var ended = 0
    var due = devices.due(now)[...]
    while !due.isEmpty, !Task.isCancelled {
      let part = Array(due.prefix(Self.part))
      due = due.dropFirst(part.count)
      ended += try await ask(part)
    }
    return ended
  }

  nonisolated(nonsending) private mutating func look() async throws(FrameStoreError) {
    var partitions = store.keys.allPartitions
    while !partitions.isEmpty, !Task.isCancelled {
      let found = try await store.silent(partitions, after: devices.cursors)
      for (partition, silence) in zip(partitions, found) { devices.found(silence, in: partition) }
      partitions = zip(partitions, found).filter { $0.1.hasMore }.map(\.0)
    }
  }

  nonisolated(nonsending) private mutating func ask(_ part: [DevicePair]) async throws(FrameStoreError) -> Int {
    var sessions: [(session: SessionID, device: DevicePair)] = []
    for (device, state) in zip(part, try await store.states(part)) {
      if let session = devices.looked(at: device, state) { sessions.append((session, device)) }
    }
    var ended = 0
    for (asked, answer) in zip(sessions, try await store.end(sessions)) {
      devices.answered(asked.device, answer)
      guard case .ended = answer else { continue }
      ended += 1
      metrics.sessionsEnded.with([SessionEnd.offline.rawValue]).add()
    }
    return ended
  }
}

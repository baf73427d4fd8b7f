package import Identifiers

extension ClusterBook {
  private var visible: some Sequence<StreamEntry> { entries.values.lazy.filter(\.state.isVisible) }

  package func stream(_ id: StreamID) -> StreamRecord? {
    entries[id].flatMap { $0.state.isVisible ? $0.record : nil }
  }

  /// Oldest first.
  package var streams: [StreamRecord] {
    visible.map(\.record).sorted { ($0.createdAt, $0.id.text) < ($1.createdAt, $1.id.text) }
  }

  package func clients(of id: StreamID) -> [ClientRecord]? {
    guard let entry = entries[id], entry.state.isVisible else { return nil }
    return entry.clients.records.longestConnectedFirst()
  }

  /// Longest connected first.
  package var clients: [ClientRecord] {
    visible.flatMap(\.clients.records).longestConnectedFirst()
  }

  package var worker: WorkerEntry {
    WorkerEntry(
      id: identity.id, address: identity.address, version: identity.version, startedAt: heartbeat.startedAt,
      lastSeen: heartbeat.lastSeen,
      streams: visible.filter { $0.state.owner != nil }.map(\.id).sorted { $0.text < $1.text },
      clients: visible.reduce(0) { $0 + $1.clients.count }, capacity: heartbeat.capacity, load: heartbeat.load,
      draining: heartbeat.draining)
  }

  package var statistics: ClusterStatistics {
    visible.reduce(into: totals) { sum, entry in
      sum.streams += 1
      sum.activeStreams += entry.clients.isEmpty ? 0 : 1
      sum.clients += entry.clients.count
    }
  }
}

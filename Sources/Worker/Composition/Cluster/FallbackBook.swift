internal import Cluster
internal import Identifiers

/// What a worker has decided alone and the cluster does not know yet, and what it remembers of the cluster. Bounded.
struct FallbackBook: Sendable {
  private static let mostRecords = 10_000
  private static let mostClients = 100_000

  /// The streams as they were when the cluster was last asked.
  private(set) var records: [StreamID: StreamRecord] = [:]
  /// The store's last word that this worker is the owner: by which epoch, and the gap count then.
  private var confirmed: [StreamID: (epoch: Epoch, gaps: Int)] = [:]
  /// Clients that poll, with the time of their last request.
  private var polls: [ClientReference: (join: ClientJoin, at: ContinuousClock.Instant)] = [:]
  private(set) var deleted: [StreamID: StreamDeletion] = [:]
  private(set) var released: [StreamID: (epoch: Epoch, ending: StreamEnding)] = [:]
  /// Streams that the cluster had when it was last seen, and that run here.
  private(set) var kept: Set<StreamID> = []

  mutating func saw(_ record: StreamRecord) {
    if records.count >= Self.mostRecords, records[record.id] == nil, let other = records.keys.first {
      records[other] = nil
    }
    records[record.id] = record
  }

  mutating func forget(_ id: StreamID) {
    records[id] = nil
    confirmed[id] = nil
  }

  mutating func confirm(_ id: StreamID, _ epoch: Epoch, gaps: Int) { confirmed[id] = (epoch, gaps) }

  /// Whether the store has said that this worker is the owner, and it may have been all the time since.
  func isSure(_ id: StreamID, gaps: Int) -> Bool { confirmed[id]?.gaps == gaps }

  /// The epoch is not one of this worker's own.
  func isGiven(_ id: StreamID, _ epoch: Epoch) -> Bool { confirmed[id]?.epoch == epoch }

  /// The store has named this worker as the owner in this life.
  func wasConfirmed(_ id: StreamID) -> Bool { confirmed[id] != nil }

  mutating func polled(_ join: ClientJoin, now: ContinuousClock.Instant) {
    guard join.connection == nil else { return }
    let client = ClientReference(stream: join.stream, client: join.client)
    guard polls[client] != nil || polls.count < Self.mostClients else { return }
    polls[client] = (join, now)
  }

  mutating func left(_ client: ClientReference) { polls[client] = nil }

  /// Those that asked something within `limit`; the others are forgotten.
  mutating func polling(within limit: Duration, now: ContinuousClock.Instant) -> [ClientJoin] {
    polls = polls.filter { $0.value.at.duration(to: now) < limit }
    return polls.values.map(\.join)
  }

  mutating func keep(_ id: StreamID) { kept.insert(id) }

  mutating func delete(_ id: StreamID, _ deletion: StreamDeletion) {
    deleted[id] = deletion
    records[id] = nil
  }

  mutating func registered(_ id: StreamID) { deleted[id] = nil }

  mutating func release(_ id: StreamID, _ epoch: Epoch, _ ending: StreamEnding) {
    if released.count < Self.mostRecords { released[id] = (epoch, ending) }
  }

  /// The cluster knows all of it.
  mutating func rejoined() { (deleted, released, kept) = ([:], [:], []) }
}

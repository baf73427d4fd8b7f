internal import Identifiers
internal import Observability

/// What one worker has of the cluster, as far as its own calls tell: for its entry, its sweeps and its epochs. Nothing
/// is decided by it.
struct WorkerShare: Sendable {
  /// Clients and epochs beyond these are not remembered: the owners' sweeps find the former, Redis has the latter.
  static let clientLimit = 100_000
  static let epochLimit = 10_000

  var capacity = 0
  var load = 0.0
  var isDraining = false
  /// Its entry was taken away and is written no more.
  var isWithdrawn = false
  var startedAt: WallTime?
  var leaseConnection: Int64?
  private(set) var owned: [StreamID: Epoch] = [:]
  /// Claims that are under way, and those that were not answered: this worker may be the owner.
  private var claiming: [StreamID: Int] = [:]
  private(set) var uncertain: Set<StreamID> = []
  /// The highest epochs that this worker had: its next one is higher, even where Redis has lost them and its clock was
  /// set back.
  private var epochs: [StreamID: Epoch] = [:]
  private var clients: [ClientReference: Presence] = [:]
  /// When the keys of the whole cluster were last told that a stream has clients here, by the store's clock.
  private var told: [StreamID: WallTime] = [:]

  private struct Presence: Sendable {
    var connections: Set<ConnectionID> = []
    var polled: ContinuousClock.Instant?
  }

  // MARK: Streams

  /// Those that it owns, or may own.
  var ownedStreams: [StreamID] {
    Set(owned.keys).union(claiming.keys).union(uncertain).sorted { $0.text < $1.text }
  }

  mutating func beginClaim(_ id: StreamID) { claiming[id, default: 0] += 1 }

  mutating func endClaim(_ id: StreamID, isAnswered: Bool) {
    claiming[id, default: 1] -= 1
    if claiming[id] == 0 { claiming[id] = nil }
    if isAnswered { uncertain.remove(id) } else { uncertain.insert(id) }
  }

  /// Whatever came of it: who runs the stream asserts itself again.
  mutating func endAssertion(_ id: StreamID) {
    claiming[id, default: 1] -= 1
    if claiming[id] == 0 { claiming[id] = nil }
  }

  /// Claims that were not answered, and are not repeated now.
  var unanswered: [StreamID] { uncertain.filter { claiming[$0] == nil } }

  mutating func settled(_ id: StreamID) { uncertain.remove(id) }

  func highestEpoch(_ id: StreamID) -> Epoch { epochs[id] ?? .none }

  mutating func own(_ id: StreamID, _ epoch: Epoch) {
    owned[id] = epoch
    if epochs.count >= Self.epochLimit, epochs[id] == nil, let other = epochs.keys.first(where: { owned[$0] == nil }) {
      epochs[other] = nil
    }
    epochs[id] = max(epoch, epochs[id] ?? .none)
  }

  /// That ownership is over.
  mutating func disown(_ id: StreamID, _ epoch: Epoch) {
    if owned[id] == epoch { owned[id] = nil }
  }

  // MARK: Clients

  /// Streams that its clients have touched, and those that it runs.
  var sweptStreams: [StreamID] { Array(Set(clients.keys.map(\.stream)).union(owned.keys)) }

  /// Those with a connection here, and those that have polled here within `lifetime`.
  func clientCount(lifetime: Duration, now: ContinuousClock.Instant = .now) -> Int {
    clients.values.count { isPresent($0, lifetime, now) }
  }

  private func isPresent(_ presence: Presence, _ lifetime: Duration, _ now: ContinuousClock.Instant) -> Bool {
    !presence.connections.isEmpty || presence.polled.map { now - $0 < lifetime } ?? false
  }

  mutating func join(_ join: ClientJoin, now: ContinuousClock.Instant = .now) {
    let client = ClientReference(stream: join.stream, client: join.client)
    guard clients[client] != nil || clients.count < Self.clientLimit else { return }
    if let connection = join.connection {
      clients[client, default: Presence()].connections.insert(connection)
    } else {
      clients[client, default: Presence()].polled = now
    }
  }

  /// Whether the keys of the whole cluster are to be told that a stream has clients here: once in `interval`, a part of
  /// the time for which they believe it.
  mutating func isToBeTold(_ id: StreamID, now: WallTime, interval: Duration) -> Bool {
    if let last = told[id], last <= now, now < last.advanced(by: interval) { return false }
    if told.count >= Self.epochLimit { told = [:] }
    told[id] = now
    return true
  }

  mutating func leave(_ leave: ClientLeave) {
    let client = ClientReference(stream: leave.traffic.stream, client: leave.traffic.client)
    guard var presence = clients[client] else { return }
    if let connection = leave.connection { presence.connections.remove(connection) } else { presence.polled = nil }
    clients[client] = presence.connections.isEmpty && presence.polled == nil ? nil : presence
  }

  mutating func drop(_ gone: some Sequence<ClientReference>) {
    for client in gone { clients[client] = nil }
  }

  mutating func dropStream(_ id: StreamID) {
    clients = clients.filter { $0.key.stream != id }
    told[id] = nil
  }

  /// Forgets those that poll another worker, or none, for `lifetime`.
  mutating func prune(lifetime: Duration, now: ContinuousClock.Instant = .now) {
    clients = clients.filter { isPresent($0.value, lifetime, now) }
  }
}

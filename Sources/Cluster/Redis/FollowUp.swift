internal import Identifiers
internal import Observability
internal import Redis

/// What a decision about a stream changes in the keys of the whole cluster, which are in other slots: sent as one
/// pipeline after the script, before the call returns.
struct FollowUp {
  private let keys: RedisKeys
  private let settings: RedisCoordinatorSettings
  private let limits: CoordinatorLimits
  private(set) var steps: [RedisStep] = []
  /// What each step is about.
  private(set) var subjects: [String] = []
  /// What takes the place of each step in a Redis whose memory is full.
  private(set) var spares: [RedisStep] = []
  private var totals: [String: UInt64] = [:]

  init(keys: RedisKeys, settings: RedisCoordinatorSettings, limits: CoordinatorLimits) {
    self.keys = keys
    self.settings = settings
    self.limits = limits
  }

  private mutating func add(_ key: String, _ name: String, _ arguments: [String]) {
    steps.append(.command(RedisCommand(name, ([key] + arguments).map { .text($0) })))
    subjects.append(key)
    spares.append(
      .script(CoordinatorScripts.althoughFull, keys: [key], ([name] + arguments).map { .text($0) }))
  }

  private mutating func prolong(_ key: String, _ lifetime: Duration) {
    add(key, "PEXPIRE", [String(lifetime.storedMilliseconds)])
  }

  /// The stream is in the list with its last access, or is in it no more.
  mutating func noteAccess(_ reply: ScriptReply) {
    if let access = reply.accessMilliseconds {
      add(keys.streams, "ZADD", [String(access), reply.id.text])
    } else {
      noteEnd(reply)
    }
  }

  mutating func noteEnd(_ reply: ScriptReply) {
    let step = RedisStep.script(
      CoordinatorScripts.dropMember, keys: [keys.streams],
      [.text(reply.id.text), .text(String(reply.now.milliseconds))])
    steps.append(step)
    spares.append(step)
    subjects.append(keys.streams)
    add(keys.active, "ZREM", [reply.id.text])
  }

  /// The stream is among those with clients, or not.
  mutating func noteClients(_ reply: ScriptReply) {
    guard let clients = reply.clients, clients > 0 else { return add(keys.active, "ZREM", [reply.id.text]) }
    add(keys.active, "ZADD", [String(reply.now.milliseconds), reply.id.text])
    prolong(keys.active, settings.clientTTL * 2)
  }

  /// A worker has clients of the stream. Those that it has not had for long are forgotten.
  mutating func noteWatching(_ worker: WorkerID, _ reply: ScriptReply) {
    let key = keys.watched(worker)
    let lifetime = settings.clientTTL * 2
    let floor = reply.now.advanced(by: .zero - lifetime).milliseconds
    add(key, "ZADD", [String(reply.now.milliseconds), reply.id.text])
    add(key, "ZREMRANGEBYSCORE", ["-inf", String(floor)])
    prolong(key, lifetime)
  }

  mutating func count(bytes: UInt64, segments: UInt64) {
    totals["bytes_served", default: 0] &+= bytes
    totals["segments_served", default: 0] &+= segments
  }

  mutating func tell(_ drafts: [EventDraft], at time: WallTime) {
    let fields = EventFields(key: keys.events, masking: settings.masking)
    for draft in drafts {
      switch draft.content {
      case .streamStarted: totals["streams_ever", default: 0] += 1
      case .clientConnected: totals["clients_ever", default: 0] += 1
      case .streamStopped, .clientDisconnected, .takeover, .owner: break
      }
      // Not "about" so many: who asks where it stands must be told exactly what is no longer there.
      add(keys.events, "XADD", ["MAXLEN", "=", String(limits.events), "*"] + fields.encode(draft, at: time))
    }
    if !drafts.isEmpty { prolong(keys.events, settings.historyTTL) }
  }

  /// Call last.
  mutating func close() {
    let counts = totals.filter { $0.value > 0 }.sorted { $0.key < $1.key }
    for (field, count) in counts { add(keys.totals, "HINCRBY", [field, String(min(count, 1 << 62))]) }
    if !counts.isEmpty { prolong(keys.totals, settings.historyTTL) }
  }
}

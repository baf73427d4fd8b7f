import Cluster
import EventLoop
import FrameEncoding
import FrameRecorder
import Identifiers
import Observability
import Redis
import TestKit
import TransportStream

/// A Redis of its own, and stores over it as if each were another worker's.
final class FrameRig: Sendable {
  let server: RedisServer
  let fixture: Fixture
  let connection: RedisConnection
  let loop: EventLoop
  let sink = MemorySink()
  /// Of the scripts and of the recorders.
  let clock = ShiftedClock()

  let device: DevicePair
  let partition: FramePartition
  let keys: FrameKeys

  init(
    _ fixture: Fixture, partitions: Int = 64, usesHashTags: Bool = false, arguments: [String] = []
  ) async throws {
    keys = FrameKeys(partitions: partitions, usesHashTags: usesHashTags)
    self.fixture = fixture
    server = try await fixture.redisServer(arguments: arguments)
    let loop = EventLoop(name: "frames-test")
    self.loop = loop
    fixture.addTeardown { loop.stop() }
    connection = try await Self.connection(server.port, loop, fixture, sink)
    device = try Self.pair("c1:d1")
    partition = keys.partition(of: device)
  }

  static func pair(_ text: String) throws -> DevicePair {
    guard let pair = DevicePair(text) else { throw Missing("a device \(text)") }
    return pair
  }

  /// Another client's device, of a partition that fits.
  func other(where fits: (FramePartition) -> Bool) throws -> DevicePair {
    for number in 1...999 {
      let pair = try Self.pair("c2:x\(number)")
      if fits(keys.partition(of: pair)) { return pair }
    }
    throw Missing("a device of such a partition")
  }

  private static func connection(
    _ port: Int, _ loop: EventLoop, _ fixture: Fixture, _ sink: MemorySink
  ) async throws -> RedisConnection {
    var configuration = RedisConfiguration(.tcp(RedisNode(host: "127.0.0.1", port: UInt16(port))))
    configuration.maxBackoff = .milliseconds(100)
    let connection = RedisConnection(
      configuration: configuration, role: "frames", loop: loop, logger: Logger(level: .error, sink: sink),
      metrics: RedisMetrics(MetricsRegistry()))
    fixture.addTeardown { await connection.close() }
    connection.start()
    try await eventually("the connection", within: .seconds(60)) { connection.isConnected }
    return connection
  }

  /// `port`: of a relay to the server; nil: its own.
  func connection(port: Int? = nil) async throws -> RedisConnection {
    try await Self.connection(port ?? server.port, loop, fixture, sink)
  }

  func advance(_ duration: Duration) { clock.advance(duration) }

  func store(
    over other: RedisConnection? = nil, _ change: (inout FrameStoreSettings) -> Void = { _ in }
  ) -> FrameStore {
    var settings = FrameStoreSettings(keys: keys)
    settings.clockOffset = { [clock] in clock.offset }
    change(&settings)
    return FrameStore(connection: other ?? connection, settings: settings)
  }

  /// The partition of `device`, or another one, claimed for a worker; from whomever has it.
  func claim(
    _ store: FrameStore, _ worker: String = "w1", _ other: FramePartition? = nil
  ) async throws -> OwnedPartition {
    let partition = other ?? partition
    let present = try await store.partitions()[partition.number].owner
    let claim = try await store.claim(partition, for: WorkerID(worker), judgedDead: present)
    guard case .claimed(let owned) = claim else { throw Missing("a claim: \(claim)") }
    return owned
  }

  /// As `claim`, with the device's index there.
  func owner(_ store: FrameStore, _ worker: String = "w1") async throws -> OwnedPartition {
    let owned = try await claim(store, worker)
    guard try await store.seed(owned, device, [], largest: nil, target: nil) != .fenced(by: nil) else {
      throw Missing("a seed")
    }
    return owned
  }

  func command(_ words: String...) async throws -> RedisValue {
    try await connection.send(RedisCommand(words[0], words.dropFirst().map { .text($0) }))
  }

  func hash(_ key: String) async throws -> [String: String] {
    Dictionary(try await command("HGETALL", key).pairs ?? []) { first, _ in first }
  }
}

/// What a test needs is not there.
struct Missing: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

extension FrameStore {
  /// Accepts events of a device, as a producer would.
  func accept(_ device: DevicePair, _ events: [String]) async throws -> [EntryID] {
    let frames = events.map {
      IntakeFrame(
        device,
        event: """
          {"eventId":"\($0)","clientId":"\(device.client)","deviceId":"\(device.device)",\
          "timestamp":1795219200,"framePath":"client_ids/\(device.client)/\($0).jpg"}
          """)
    }
    return try await add(frames).map { result in
      guard case .success(.added(let entry)) = result else { throw Missing("an entry: \(result)") }
      return entry
    }
  }

  /// As `read`, for an owner.
  func frames(
    _ owned: OwnedPartition, _ position: ReadPosition = .new, atMost count: Int = 100
  ) async throws -> [EntryID] {
    let answer = try await read(owned, position, atMost: count)
    guard case .read(let frames, _, _, _) = answer else { throw Missing("a reading: \(answer)") }
    return frames.map(\.entry)
  }

  /// As `begin`, for a batch that may.
  func number(
    _ owned: OwnedPartition, _ device: DevicePair, _ entry: EntryID = EntryID(1), tryNumber: Int = 1,
    above: UInt64? = nil, generation: UInt64 = 0
  ) async throws -> BeginAnswer.Begun {
    let answer = try await begin(
      owned, device, generation: generation, firstEntry: entry, tryNumber: tryNumber, above: above)
    guard case .begun(let begun) = answer else { throw Missing("a beginning: \(answer)") }
    return begun
  }
}

/// Commits of a device, one after the other.
struct MadeCommits {
  let device: DevicePair
  var generator = SeededGenerator(seed: 7)
  var session: SessionID
  private var nextPTS: Int64 = 90_000
  private var capture = FrameTime(milliseconds: 1_795_219_200_000)

  init(_ device: DevicePair) {
    self.device = device
    session = SessionID(using: &generator)
  }

  /// `expected`: nil is the present session.
  mutating func next(
    _ begun: BeginAnswer.Begun, _ entries: [EntryID], _ events: [String]? = nil, received: FrameTime? = nil
  ) -> SegmentCommit {
    let start = capture
    capture = capture.advanced(byMilliseconds: 6_000)
    let arrival = received ?? entries.last.map { FrameTime($0) } ?? begun.now
    let pts = nextPTS
    nextPTS += 540_000
    return SegmentCommit(
      device: device, generation: begun.record.generation, number: begun.number,
      firstEntry: entries.first ?? EntryID(1), expectedSession: begun.record.session, session: session, pts: pts,
      duration: 540_000, nextPTS: nextPTS,
      continuity: [PIDContinuity(pid: 0, counter: 3), PIDContinuity(pid: 256, counter: 15)],
      captured: .init(first: start, last: start.advanced(byMilliseconds: 5_000)),
      received: .init(first: arrival, last: arrival), bytes: 188_000, frames: entries.count,
      size: PictureSize(width: 1_920, height: 1_080), target: 6, done: entries.last, entries: entries,
      events: events ?? entries.map { "e-\($0)" })
  }

  mutating func startSession() {
    session = SessionID(using: &generator)
    nextPTS = 90_000
  }
}

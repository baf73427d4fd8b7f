import Cluster
import EventLoop
import Foundation
import FrameEncoding
import FrameRecorder
import HTTP
import Identifiers
import Observability
import Redis
import Synchronization
import TestKit
import TransportStream

@testable import Worker

/// A Redis, a storage with recordings in it, and a server of the recordings' routes over both.
final class ServingRig: Sendable {
  let redis: RedisServer
  let folder: TemporaryFolder
  let adapter: FileAdapter
  let store: FrameStore
  let playlists: DevicePlaylists
  let port: Int
  private let clock: MutexBox<Duration>
  private let recordings = Mutex<[DevicePair: MadeTransmission]>([:])

  /// The devices' own routes are at `/devices` and at `/root/devices`.
  init(
    _ fixture: Fixture, auth: Configuration.Auth = Configuration().auth, isPublic: Bool = false,
    folder other: TemporaryFolder? = nil, redis otherRedis: RedisServer? = nil,
    retention: RetentionRule = RetentionRule(retentionHours: 24, archiveHoldHours: 6, graceSeconds: 300)
  ) async throws {
    let redis = if let otherRedis { otherRedis } else { try await fixture.redisServer() }
    folder = try other ?? fixture.temporaryFolder("serving")
    adapter = try FileAdapter(base: folder.path)
    try adapter.create(.clients)
    let loops = LoopGroup(count: 2, name: "serving")
    fixture.addTeardown { loops.stop() }
    let connection = try await Self.connection(redis, loops.loops[0], fixture)
    let offset = MutexBox(Duration.zero)
    var settings = FrameStoreSettings(keys: FrameKeys(partitions: 4))
    settings.clockOffset = { offset.value }
    settings.retention = retention
    store = FrameStore(connection: connection, settings: settings)
    playlists = DevicePlaylists(indexes: DeviceIndexes(store: store), target: 6)
    let threads = [EventLoop(name: "reading-1"), EventLoop(name: "reading-2")]
    fixture.addTeardown { for thread in threads { thread.stop() } }
    let services = RecordingServices(
      store: store, storage: StorageThreads(adapter, loops: threads), playlists: playlists,
      access: DeviceAccess(auth, isPublic: isPublic))
    var router = Router(rootPath: "/root")
    let authentication = Authentication(token: auth.apiToken)
    services.add(to: &router) { authentication.guarded($0) }
    let server = HTTPServer(
      configuration: HTTPServerConfiguration(host: "127.0.0.1", port: 0), loops: loops, router: router)
    try server.start()
    fixture.addTeardown { await server.stop() }
    (self.redis, port, clock) = (redis, server.boundPort, offset)
  }

  private static func connection(
    _ redis: RedisServer, _ loop: EventLoop, _ fixture: Fixture
  ) async throws -> RedisConnection {
    var configuration = RedisConfiguration(.tcp(RedisNode(host: "127.0.0.1", port: UInt16(redis.port))))
    configuration.maxBackoff = .milliseconds(100)
    let connection = RedisConnection(
      configuration: configuration, role: "serving", loop: loop, logger: Logger(level: .error, sink: MemorySink()),
      metrics: RedisMetrics(MetricsRegistry()))
    fixture.addTeardown { await connection.close() }
    connection.start()
    try await eventually("the connection", within: .seconds(60)) { connection.isConnected }
    return connection
  }

  /// Moves the clock that scripts and routes see.
  func advance(_ duration: Duration) { clock.value += duration }

  static func pair(_ text: String) throws -> DevicePair {
    guard let pair = DevicePair(text) else { throw Missing("a device \(text)") }
    return pair
  }

  // MARK: Recordings

  /// Real segments of two seconds, published and committed one after the other; six seconds of capture each.
  @discardableResult
  func record(_ count: Int, _ device: DevicePair) async throws -> [RecordedSegment] {
    let bytes = try await MediaFixture.make(MediaShape.h264Aac.with { $0.seconds = 2 }).bytes()
    let owned = try await owner(device)
    for _ in 0..<count {
      let entry = EntryID(UInt64(recordings.withLock { $0[device]?.count ?? 0 }) + 1)
      let answer = try await store.begin(owned, device, generation: 0, firstEntry: entry, tryNumber: 1)
      guard case .begun(let begun) = answer else { throw Missing("a number: \(answer)") }
      try adapter.put(bytes, at: .segment(device, begun.number))
      let commit = recordings.withLock { recordings in
        recordings[device, default: MadeTransmission(device)].next(begun, entry, bytes: bytes.count)
      }
      guard case .recorded = try await store.commit(owned, commit) else { throw Missing("a commit") }
    }
    return try await store.segments(device)
  }

  /// An index of so many segments, without files.
  func index(_ count: Int, _ device: DevicePair) async throws {
    let owned = try await claim(device)
    let session = SessionID.random()
    let segments = (0..<count).map { place in
      let start = FrameTime(milliseconds: 1_795_219_200_000 + Int64(place) * 30_000)
      return RecordedSegment(
        number: UInt64(place), session: session, epoch: Epoch(1), mediaSequence: UInt64(place),
        discontinuitySequence: 0, pts: Int64(place) * 540_000, duration: 540_000, captureStart: start,
        captureEnd: start.advanced(byMilliseconds: 25_137), recorded: .wallClock, bytes: 300_000, frames: 6,
        size: PictureSize(width: 1_920, height: 1_080))
    }
    guard try await store.seed(owned, device, segments, largest: nil, target: 6) == .seeded else {
      throw Missing("an index")
    }
  }

  private func claim(_ device: DevicePair) async throws -> OwnedPartition {
    let partition = store.keys.partition(of: device)
    let present = try await store.partitions()[partition.number].owner
    guard case .claimed(let owned) = try await store.claim(partition, for: WorkerID("w1"), judgedDead: present) else {
      throw Missing("a claim")
    }
    return owned
  }

  private func owner(_ device: DevicePair) async throws -> OwnedPartition {
    let owned = try await claim(device)
    guard try await store.seed(owned, device, [], largest: nil, target: nil) != .fenced(by: nil) else {
      throw Missing("a seed")
    }
    return owned
  }

  /// Of playlist files, with what viewers are shown.
  func writer(_ fixture: Fixture) throws -> PlaylistWriter {
    let thread = EventLoop(name: "writing")
    let writer = PlaylistWriter(
      playlists: playlists, storage: StorageThreads(adapter, loops: [thread]), pause: .zero,
      metrics: RecorderMetrics(MetricsRegistry()), logger: Logger(level: .error, sink: MemorySink()))
    fixture.addTeardown {
      await writer.stop()
      thread.stop()
    }
    return writer
  }

  /// The device's active session, as an archive that is ready, made of its segments' files.
  func archive(_ device: DevicePair, expires: FrameTime, state: SessionState = .ready) async throws -> SessionID {
    let segments = try await store.segments(device)
    guard let session = segments.last?.session else { throw Missing("a session") }
    for segment in segments {
      try adapter.share(.segment(device, segment.number), as: .archiveSegment(device, session, segment.number))
    }
    try adapter.put(
      DevicePlaylist.render(segments, .archive, target: 6), at: .archivePlaylist(device, session))
    let record = """
      {"version":1,"session_id":"\(session)","status":"ready","started_at":"2026-11-21T00:00:00.000Z",\
      "expires_at":"\(expires)"}
      """
    try adapter.put(Array(record.utf8), at: .archiveRecord(device, session))
    try await redis.command(
      "HSET", store.keys.session(session, of: device), "state", state.rawValue, "expires_ms",
      String(expires.milliseconds), "next_ms", String(expires.milliseconds))
    return session
  }

  /// A file of c1's d1.
  func file(_ name: String) -> String { folder.file("client_ids/c1/device_id/d1/" + name) }

  /// A link below the base, and the folders that hold it.
  func link(_ path: String, to target: String) throws {
    let place = folder.file(path)
    let above = String(place[..<(place.lastIndex(of: "/") ?? place.endIndex)])
    try FileManager.default.createDirectory(atPath: above, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: target)
  }

  // MARK: Requests

  func get(_ path: String, _ headers: [String: String] = [:], method: String = "GET") async throws -> RawHTTPResponse {
    try await RawHTTPClient.request(method, port: port, path, headers: headers)
  }
}

/// What a test needs is not there.
struct Missing: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// A value that closures share.
final class MutexBox<Value: Sendable>: Sendable {
  private let content: Mutex<Value>

  init(_ value: Value) { content = Mutex(value) }

  var value: Value {
    get { content.withLock { $0 } }
    set { content.withLock { $0 = newValue } }
  }
}

/// Commits of a device, one after the other, in one session.
struct MadeTransmission {
  let device: DevicePair
  private(set) var count = 0
  private let session = SessionID.random()
  private var pts: Int64 = 90_000
  private var capture = FrameTime(milliseconds: 1_795_219_200_000)

  init(_ device: DevicePair) { self.device = device }

  mutating func next(_ begun: BeginAnswer.Begun, _ entry: EntryID, bytes: Int) -> SegmentCommit {
    let (start, from) = (capture, pts)
    capture = capture.advanced(byMilliseconds: 6_000)
    pts += 180_000
    count += 1
    return SegmentCommit(
      device: device, generation: begun.record.generation, number: begun.number, firstEntry: entry,
      expectedSession: begun.record.session, session: session, pts: from, duration: 180_000, nextPTS: pts,
      continuity: [PIDContinuity(pid: 0, counter: 3)],
      captured: .init(first: start, last: start.advanced(byMilliseconds: 5_000)),
      received: .init(first: begun.now, last: begun.now), bytes: bytes, frames: 6,
      size: PictureSize(width: 320, height: 180), target: 6, done: entry, entries: [entry], events: ["e-\(entry)"])
  }
}

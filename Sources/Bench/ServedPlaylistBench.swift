import Cluster
import EventLoop
import FrameRecorder
import HTTP
import Identifiers
import Observability
import Redis
import TestKit
import Worker

/// A device's playlist of a day over HTTP, from a real Redis: the first request, and those after it.
enum ServedPlaylistBench {
  private static let requests = 300
  private static let path = "/devices/c1/d1/playlist.m3u8"

  static func run() async throws {
    try await withFixture { fixture in
      let redis = try await fixture.redisServer()
      let loops = LoopGroup(count: 1, name: "bench")
      fixture.addTeardown { loops.stop() }
      let store = try await store(redis, loops.loops[0], fixture)
      try await seed(store)
      let server = try serve(store, loops, fixture)
      let client = try await RawHTTPClient.connect(port: server.boundPort)
      fixture.addTeardown { client.close() }
      print("\nServed, with Redis and the client on this machine\n   wall ms     bytes  goal   what")
      let (first, head) = try await measure(client, [:], 1, "the first request: index read and rendered", "")
      guard let tag = head["ETag"] else { throw BenchError("no entity tag") }
      _ = try await measure(client, ["If-None-Match": tag], requests, "unchanged, 304", "2")
      _ = try await measure(client, [:], requests, "unchanged, whole", "2")
      let (_, short) = try await measure(client, ["Accept-Encoding": "gzip"], 1, "the first in short", "")
      let (size, _) = try await measure(client, ["Accept-Encoding": "gzip"], requests, "unchanged, in short", "2")
      print("  \(short["Content-Encoding"] ?? "whole"): 1/\(first / max(1, size)), goal 1/8")
      try await redis.command("CONFIG", "RESETSTAT")
      _ = try await measure(client, ["If-None-Match": tag], 1, "", nil)
      let commands = try await redis.command("INFO", "commandstats").split(whereSeparator: \.isNewline).compactMap {
        $0.hasPrefix("cmdstat_") && !$0.hasPrefix("cmdstat_config") ? $0.dropFirst(8).prefix { $0 != ":" } : nil
      }
      print("  Redis: one pipeline of \(commands.joined(separator: ", "))")
    }
  }

  /// Body bytes and head of the last answer. `goal` nil: nothing is printed.
  @discardableResult
  private static func measure(
    _ client: RawHTTPClient, _ headers: [String: String], _ count: Int, _ what: String, _ goal: String?
  ) async throws -> (bytes: Int, head: HTTPHead) {
    var (times, last) = ([Double](), (bytes: 0, head: HTTPHead?.none))
    for _ in 0..<count {
      let began = ContinuousClock.now
      try await client.sendRequest("GET", path, headers: headers)
      let head = try await client.readHead()
      let body = head.status == 304 ? [] : try await client.readWholeBody()
      times.append((ContinuousClock.now - began) / .milliseconds(1))
      last = (body.count, head)
    }
    guard let head = last.head else { throw BenchError("no answer") }
    if let goal {
      let row = [cell(times.median, 2), cell(Double(last.bytes), 0)].joined()
      print("\(row)  \(goal.isEmpty ? "-" : goal)      \(what)")
    }
    return (last.bytes, head)
  }

  private static func store(_ redis: RedisServer, _ loop: EventLoop, _ fixture: Fixture) async throws -> FrameStore {
    let node = RedisNode(host: "127.0.0.1", port: UInt16(redis.port))
    let connection = RedisConnection(
      configuration: RedisConfiguration(.tcp(node)), role: "bench", loop: loop,
      logger: Logger(level: .error, sink: MemorySink()), metrics: RedisMetrics(MetricsRegistry()))
    fixture.addTeardown { await connection.close() }
    connection.start()
    try await eventually("the connection", within: .seconds(10)) { connection.isConnected }
    return FrameStore(connection: connection, settings: FrameStoreSettings(keys: FrameKeys()))
  }

  private static func seed(_ store: FrameStore) async throws {
    guard let device = DevicePair("c1:d1") else { throw BenchError("no device") }
    let partition = store.keys.partition(of: device)
    let claim = try await store.claim(partition, for: WorkerID("bench"))
    guard case .claimed(let owned) = claim else { throw BenchError("no partition") }
    let answer = try await store.seed(owned, device, PlaylistBench.recording(), largest: nil, target: 6)
    if answer != .seeded { throw BenchError("no index") }
  }

  private static func serve(_ store: FrameStore, _ loops: LoopGroup, _ fixture: Fixture) throws -> HTTPServer {
    let reading = EventLoop(name: "reading")
    fixture.addTeardown { reading.stop() }
    let adapter = try FileAdapter(base: try fixture.temporaryFolder("bench-serving").path)
    let services = RecordingServices(
      store: store, storage: StorageThreads(adapter, loops: [reading]),
      playlists: DevicePlaylists(indexes: DeviceIndexes(store: store), target: 6),
      access: DeviceAccess(Configuration().auth, isPublic: true))
    var router = Router()
    services.add(to: &router) { $0 }
    let server = HTTPServer(
      configuration: HTTPServerConfiguration(host: "127.0.0.1", port: 0), loops: loops, router: router)
    try server.start()
    fixture.addTeardown { await server.stop() }
    return server
  }
}

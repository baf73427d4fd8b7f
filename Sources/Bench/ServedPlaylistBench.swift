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

  /// ms of a request when nothing is new
  private static let goal = 2.0
  private static let leastRatio = 8

  static func run(isGate: Bool) async throws {
    try await withFixture { fixture in
      let redis = try await fixture.redisServer()
      let loops = LoopGroup(count: 1, name: "bench")
      fixture.addTeardown { loops.stop() }
      let store = FrameStore(
        connection: try await redis.connection("bench", loops.loops[0], fixture),
        settings: FrameStoreSettings(keys: FrameKeys()))
      try await seed(store)
      let server = try serve(store, loops, fixture)
      let client = try await RawHTTPClient.connect(port: server.boundPort)
      fixture.addTeardown { client.close() }
      print("\nServed, with Redis and the client on this machine\n   wall ms     bytes  goal   what")
      let first = try await measure(client, [:], 1, "the first request: index read and rendered")
      guard let tag = first.head["ETag"] else { throw BenchError("no entity tag") }
      let known = try await measure(client, ["If-None-Match": tag], requests, "unchanged, 304", goal)
      let whole = try await measure(client, [:], requests, "unchanged, whole", goal)
      let zipped = ["Accept-Encoding": "gzip"]
      try await measure(client, zipped, 1, "the first in short")
      let short = try await measure(client, zipped, requests, "unchanged, in short", goal)
      let ratio = first.bytes / max(1, short.bytes)
      print("  \(short.head["Content-Encoding"] ?? "whole"): 1/\(ratio), goal 1/\(leastRatio)")
      if isGate, ratio < leastRatio { throw BenchError("gzip: 1/\(ratio), the goal is 1/\(leastRatio)") }
      if isGate, let slowest = [known, whole, short].map(\.milliseconds).max(), slowest > goal {
        throw BenchError("an unchanged playlist took \(cell(slowest, 2)) ms, the goal is \(goal)")
      }
      try await redis.command("CONFIG", "RESETSTAT")
      try await measure(client, ["If-None-Match": tag], 1, nil)
      let commands = try await redis.command("INFO", "commandstats").split(whereSeparator: \.isNewline).compactMap {
        $0.hasPrefix("cmdstat_") && !$0.hasPrefix("cmdstat_config") ? $0.dropFirst(8).prefix { $0 != ":" } : nil
      }
      print("  Redis: one pipeline of \(commands.joined(separator: ", "))")
    }
  }

  private struct Answers {
    /// The median.
    let milliseconds: Double
    /// Of the last one's body.
    let bytes: Int
    let head: HTTPHead
  }

  /// `what` nil: nothing is printed.
  @discardableResult
  private static func measure(
    _ client: RawHTTPClient, _ headers: [String: String], _ count: Int, _ what: String?, _ goal: Double? = nil
  ) async throws -> Answers {
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
    if let what {
      let row = [cell(times.median, 2), cell(Double(last.bytes), 0)].joined()
      print("\(row)  \(goal.map { "\(Int($0))" } ?? "-")      \(what)")
    }
    return Answers(milliseconds: times.median, bytes: last.bytes, head: head)
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

import EventLoop
import Foundation
import FrameRecorder
import HTTP
import Observability
import Redis
import TestKit

@testable import Worker

/// The intake's route on a real server, over a real Redis and real files.
final class IntakeServer: Sendable {
  let redis: RedisServer
  let folder: TemporaryFolder
  let connection: RedisConnection
  let sink = MemorySink()
  let metrics = MetricsRegistry()
  let server: HTTPServer
  private let authentication: FrameAuthentication

  var port: Int { server.boundPort }

  init(
    _ fixture: Fixture, token: String? = nil, clients: String? = nil, maxRequestBytes: Int = 8 << 20,
    isStorageUsable: Bool = true, _ change: (inout IntakeSettings) -> Void = { _ in }
  ) async throws {
    redis = try await fixture.redisServer()
    folder = try fixture.temporaryFolder("intake")
    let loop = EventLoop(name: "frames-test")
    let storageLoops = [EventLoop(name: "storage-1"), EventLoop(name: "storage-2")]
    let serverLoops = LoopGroup(count: 2, name: "http-test")
    fixture.addTeardown {
      for loop in storageLoops + [loop] { loop.stop() }
      serverLoops.stop()
    }
    var configuration = RedisConfiguration(.tcp(RedisNode(host: "127.0.0.1", port: UInt16(redis.port))))
    configuration.maxBackoff = .milliseconds(100)
    configuration.commandTimeout = .seconds(2)
    let logger = Logger(level: .trace, sink: sink)
    let connection = RedisConnection(
      configuration: configuration, role: "frames", loop: loop, logger: logger, metrics: RedisMetrics(metrics))
    self.connection = connection
    fixture.addTeardown { await connection.close() }
    connection.start()
    try await eventually("the connection", within: .seconds(60)) { connection.isConnected }
    var settings = IntakeSettings()
    change(&settings)
    let adapter = try FileAdapter(base: folder.path)
    try adapter.create(.clients)
    let intake = FrameIntake(
      store: FrameStore(connection: connection, settings: FrameStoreSettings(keys: FrameKeys(partitions: 1))),
      storage: StorageThreads(adapter, loops: storageLoops), settings: settings,
      logger: logger, isStorageUsable: { isStorageUsable })
    authentication = FrameAuthentication(
      api: Authentication(token: token), clients: try clients.map { try ClientTokens($0) })
    var router = Router(rootPath: "/m3u-proxy")
    FrameIntakeRoute(
      intake: intake, authentication: authentication, maxRequestBytes: maxRequestBytes, metrics: metrics
    ).add(to: &router)
    let server = HTTPServer(
      configuration: HTTPServerConfiguration(host: "127.0.0.1", port: 0), loops: serverLoops, router: router,
      hooks: HTTPServerHooks(onError: { message, metadata in logger.error("request failed", metadata) }))
    self.server = server
    try server.start()
    fixture.addTeardown { await server.stop() }
  }

  /// POSTs a form. `parts`: name and content; those named `frame` are files.
  func post(
    _ parts: [(String, [UInt8])], path: String = "/v1/stream/frames", headers: [String: String] = [:]
  ) async throws -> RawHTTPResponse {
    let fields = headers.merging(["Content-Type": "multipart/form-data; boundary=b0undary"]) { given, _ in given }
    return try await RawHTTPClient.request(
      "POST", port: port, path, headers: fields, body: Self.body(parts), within: .seconds(30))
  }

  static func body(_ parts: [(String, [UInt8])]) -> [UInt8] {
    var body: [UInt8] = []
    for (name, content) in parts {
      let file = name == "frame" ? "; filename=\"it's; a.jpg\"\r\nContent-Type: image/jpeg" : ""
      body += Array("--b0undary\r\nContent-Disposition: form-data; name=\"\(name)\"\(file)\r\n\r\n".utf8)
      body += content + Array("\r\n".utf8)
    }
    return body + Array("--b0undary--\r\n".utf8)
  }

  static func fields(_ device: String = "cam-1", client: String? = "c1") -> [(String, [UInt8])] {
    [("device_id", Array(device.utf8)), ("timestamp", Array("2026-11-21T04:14:22.827Z".utf8))]
      + (client.map { [("client_id", Array($0.utf8))] } ?? [])
  }

  /// The events that wait.
  func events() async throws -> [FrameEvent] {
    let reply = try await connection.send(RedisCommand("XRANGE", "frames:0", "-", "+"))
    return try (reply.elements ?? []).map { entry in
      let event = entry.elements?.last?.pairs?.first { $0.0 == "event" }?.1 ?? ""
      return try FrameEvent.parse(Array(event.utf8))
    }
  }

  /// Regular files below the base.
  var files: [String] {
    let found = FileManager.default.enumerator(atPath: folder.path)?.allObjects as? [String] ?? []
    return found.filter { path in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: folder.file(path), isDirectory: &isFolder) && !isFolder.boolValue
    }
  }
}

import ChildProcess
import Cluster
import EventLoop
import Foundation
import HTTP
import Identifiers
import MediaLog
import Observability
import Synchronization
import TestKit
import Testing

@testable import Transcoding

/// Streams with real loops, real children and a real coordinator, in this process.
final class SupervisionFixture: Sendable {
  let coordinator = MemoryCoordinator(identity: WorkerIdentity(id: WorkerID("test")))
  let store: MemoryChunkStore
  let loops = LoopGroup(count: 2, name: "supervision")
  let control = EventLoop(name: "control")
  let spawner: ChildSpawner
  let upstreams: UpstreamClients
  let log = MemorySink()
  let services: StreamServices
  let manager: StreamManager

  init(
    _ fixture: Fixture, tools: FFmpegTools? = nil, store other: (any ChunkStore)? = nil, ffmpeg: String = "ffmpeg",
    _ change: (inout StreamSettings) -> Void = { _ in }
  ) throws {
    var settings = StreamSettings()
    settings.idleGrace = .milliseconds(300)
    settings.supervision.delay = .milliseconds(100)
    change(&settings)
    var ffmpegSettings = FFmpegSettings()
    ffmpegSettings.hasExtensionPicky = tools?.hasExtensionPicky ?? false
    store = MemoryChunkStore(limits: settings.window)
    spawner = ChildSpawner(control: control)
    upstreams = UpstreamClients(
      policy: AddressPolicy(allowing: try AddressAllowList("127.0.0.1")), counters: UpstreamCounters())
    services = StreamServices(
      coordinator: coordinator, store: other ?? store, spawner: spawner, upstreams: upstreams, settings: settings,
      catalog: ProfileCatalog(), ffmpeg: ffmpegSettings, ffmpegPath: ffmpeg,
      logger: Logger(level: .trace, sink: log), metrics: StreamMetrics(MetricsRegistry()) { _, _ in })
    manager = StreamManager(services: services, loops: loops)
    fixture.addTeardown { [self] in
      await manager.drain()
      await spawner.drain(grace: .seconds(1))
      upstreams.close()
      loops.stop()
      control.stop()
    }
  }

  /// Registers a direct stream.
  func register(_ url: String, transcoded: Bool = false) async throws -> StreamID {
    let source = try SourceURL(url)
    let id = StreamIdentity(strategy: .urlProfile).direct(url: source, headers: .none)
    guard transcoded else {
      _ = try await coordinator.register(StreamRegistration(id: id, sourceURL: url))
      return id
    }
    let profile = try ProfileCatalog().render(
      ProfileRequest(url: source, profile: "lowlatency", variables: [:], outputFormat: nil),
      policy: TemplatePolicy(allowsTemplates: true, additionalOptions: []))
    let kind = StreamKind.transcoded(
      StreamKind.Transcode(
        profile: profile.name, arguments: profile.arguments, variables: profile.variables,
        outputFormat: profile.format.rawValue))
    _ = try await coordinator.register(StreamRegistration(id: id, sourceURL: url, kind: kind))
    return id
  }

  func join(_ id: StreamID, _ client: String = "viewer") async throws {
    let client = try #require(ClientID(client))
    _ = try await coordinator.join(
      ClientJoin(stream: id, client: client, connection: ConnectionID(1), format: .ts), limit: 0)
  }

  func leave(_ id: StreamID, _ client: String = "viewer") async throws {
    let client = try #require(ClientID(client))
    _ = try await coordinator.leave(
      ClientLeave(
        connection: ConnectionID(1), reason: .clientDisconnected, traffic: ClientTraffic(stream: id, client: client)))
  }

  func stream(_ id: StreamID, acceptsEnded: Bool = false) async throws -> LocalStream {
    try await manager.stream(id, isTranscode: false, acceptsEnded: acceptsEnded)
  }

  /// A direct stream with a viewer and with media in its log.
  func playing(_ url: String) async throws -> (StreamID, LocalStream) {
    let id = try await register(url)
    try await join(id)
    let stream = try await stream(id)
    #expect(await stream.log.wait(atMost: .seconds(10)) { $0.hasMedia })
    return (id, stream)
  }

  func status(_ id: StreamID) async throws -> StreamStatus? { try await coordinator.stream(id)?.status }
}

/// A store that does not open.
final class ClosedStore: ChunkStore {
  private let isOpen = Atomic<Bool>(false)
  private let real = MemoryChunkStore(limits: WindowLimits(seconds: 30, bytes: 1 << 25))

  func comeBack() { isOpen.store(true, ordering: .relaxed) }

  func open(_ stream: StreamID, epoch: Epoch) async throws(ChunkStoreError) -> LogPosition {
    guard isOpen.load(ordering: .relaxed) else { throw .unavailable("closed") }
    return try await real.open(stream, epoch: epoch)
  }

  func commit(_ chunk: SealedChunk, to stream: StreamID) async throws(ChunkStoreError) -> CommitReceipt {
    try await real.commit(chunk, to: stream)
  }

  func raise(_ stream: StreamID, above number: SegmentNumber) async throws(ChunkStoreError) {
    try await real.raise(stream, above: number)
  }

  func entries(
    of stream: StreamID, after number: ChunkNumber, limit: Int
  ) async throws(ChunkStoreError) -> [ChunkEntry] { try await real.entries(of: stream, after: number, limit: limit) }

  func lastChunk(of stream: StreamID) async throws(ChunkStoreError) -> ChunkNumber? {
    try await real.lastChunk(of: stream)
  }

  func chunks(_ entries: [ChunkEntry], of stream: StreamID) async throws(ChunkStoreError) -> [Chunk?] {
    try await real.chunks(entries, of: stream)
  }

  func end(_ stream: StreamID, epoch: Epoch, _ end: LogEnd) async throws(ChunkStoreError) {
    try await real.end(stream, epoch: epoch, end)
  }

  func follow(
    _ stream: StreamID, after number: ChunkNumber, _ handler: @escaping @Sendable (LogNews) -> Void
  ) -> LogSubscription { real.follow(stream, after: number, handler) }

  func clear(_ stream: StreamID, epoch: Epoch) async throws(ChunkStoreError) {
    try await real.clear(stream, epoch: epoch)
  }

  func remove(_ stream: StreamID) async throws(ChunkStoreError) { try await real.remove(stream) }
}

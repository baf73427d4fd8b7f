internal import Cluster
internal import EventLoop
internal import Foundation
internal import HTTP
internal import Identifiers
internal import MediaLog
internal import Observability
internal import Transcoding

/// What the streams of this worker rest on: memory for one worker alone, Redis for a cluster.
enum Backbone: Sendable {
  case alone(MemoryCoordinator, MemoryChunkStore)
  case cluster(RedisCluster)

  /// How long a starting worker waits for Redis before it serves without it.
  private static let patience = Duration.seconds(5)

  /// `port`: the one that was bound.
  static func make(
    _ configuration: Configuration, port: Int, _ platform: Platform, _ logger: Logger, _ metrics: MetricsRegistry
  ) throws -> Backbone {
    let identity = WorkerIdentity(
      id: WorkerID(configuration.workerID(port: configuration.server.port)),
      address: "\(ProcessInfo.processInfo.hostName):\(port)", version: ProductVersion.text,
      recordsFrames: configuration.frames.isEnabled)
    guard configuration.redis.isEnabled else {
      return .alone(MemoryCoordinator(identity: identity), MemoryChunkStore(limits: configuration.windowLimits))
    }
    return .cluster(
      try RedisCluster(configuration, identity: identity, control: platform.control, logger: logger, metrics: metrics))
  }

  var coordinator: any Coordinator {
    switch self {
    case .alone(let coordinator, _): coordinator
    case .cluster(let cluster): cluster.fallback
    }
  }

  var store: any ChunkStore {
    switch self {
    case .alone(_, let store): store
    case .cluster(let cluster): cluster.store
    }
  }

  var cluster: RedisCluster? {
    if case .cluster(let cluster) = self { cluster } else { nil }
  }

  /// Begins to keep the lease and to listen to the other workers. Answers what runs from now on: cancel it at the end.
  /// Throws `WorkerIDInUse`.
  func start(
    _ manager: StreamManager, _ registry: ViewerRegistry, _ frames: FramesService?, _ health: RedisHealth?,
    _ logger: Logger,
    endThisWorker: @escaping @Sendable (any Error) -> Void
  ) async throws -> Task<Void, Never> {
    guard let cluster else { return Task {} }
    let member = ClusterMember(
      cluster: cluster, manager: manager, registry: registry, frames: frames, endThisWorker: endThisWorker,
      logger: logger)
    member.listen()
    let task = Task {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await member.run() }
        group.addTask { await health?.run() }
        await group.waitForAll()
      }
    }
    do {
      try await cluster.start(patience: Self.patience)
    } catch {
      task.cancel()
      await task.value
      throw error
    }
    return task
  }

  func stop() async { await cluster?.stop() }
}

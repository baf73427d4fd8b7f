internal import EventLoop
internal import Foundation
internal import FrameRecorder
internal import HTTP
internal import JSONCoding
internal import Observability
internal import Redis
internal import Synchronization

/// What a command that keeps recordings stands on, and its work.
final class FrameCommandRun: Sendable {
  struct Result: Sendable {
    /// Nil: it was to go on for ever.
    let json: JSON?
    /// Of the process.
    let status: Int32

    init(json: JSON? = nil, hasFailed: Bool = false) { (self.json, status) = (json, hasFailed ? 1 : 0) }

    init(_ error: any Error) {
      json = .object([("errors", .array([.string("\(error)")]))])
      status = error is ConfigurationProblem ? 2 : 1
    }
  }

  private let command: FrameCommand
  private let connection: RedisConnection
  private let store: FrameStore
  private let keeping: FrameKeeping
  private let registry = MetricsRegistry()
  private let server: MetricsServer?
  private let logger: Logger

  /// How long Redis may be away.
  private static let patience = Duration.seconds(30)
  private static let look = Duration.milliseconds(50)

  /// Throws `StorageError`, `HTTPServerError`.
  init(_ configuration: Configuration, _ command: FrameCommand, on loop: EventLoop, _ logger: Logger) throws {
    (self.command, self.logger) = (command, logger)
    var redis = configuration.coordinationRedis
    let worker = configuration.workerID(port: 0)
    redis.clientName = "millrace:\(worker)"
    connection = RedisConnection(
      configuration: redis, role: "keeping", loop: loop, logger: logger, metrics: RedisMetrics(registry))
    store = FrameStore(connection: connection, settings: configuration.frameStore)
    let adapter = try FileAdapter(base: configuration.frames.storage.basePath)
    keeping = FrameKeeping(
      configuration, store: store, adapter: adapter, worker: worker,
      DeviceLabels(isShown: configuration.frames.metrics.labelsDevices), measuresSpace: true, registry, logger)
    server = command.work == .checkOffline(once: false) ? try MetricsServer.start(configuration, registry) : nil
    if let server {
      logger.info("metrics are shown", ["host": configuration.server.host, "port": String(server.port)])
    }
    connection.start()
  }

  func stop() async {
    await server?.stop()
    await connection.close()
    keeping.stop()
  }

  /// True when Redis has been away for too long; false when the task is cancelled.
  func unreachable() async -> Bool {
    var seen = ContinuousClock.now
    while !Task.isCancelled {
      if connection.isConnected { seen = .now }
      if ContinuousClock.now - seen >= Self.patience { return true }
      try? await Task.sleep(for: .seconds(1))
    }
    return false
  }

  /// Until it is done, or the task is cancelled.
  func work() async -> Result {
    while !connection.isConnected {
      if Task.isCancelled { return Result() }
      try? await Task.sleep(for: Self.look)
    }
    do {
      try await requirePartitions()
      return try await perform()
    } catch {
      if Task.isCancelled { return Result() }
      logger.error("the command failed", ["error": "\(error)"])
      return Result(error)
    }
  }

  private func requirePartitions() async throws {
    let answer = try await store.agreeOnPartitions()
    guard answer.agrees else {
      throw ConfigurationProblem(
        name: "FRAMES_PARTITIONS",
        message: "\(store.keys.partitions) must be \(answer.stored), as the cluster has it")
    }
  }

  private func perform() async throws -> Result {
    let services = keeping.services
    switch command.work {
    case .checkOffline(once: false):
      await keeping.jobs.run([.checker])
      return Result()
    case .checkOffline(once: true): return try await held(.checker) { await FrameRound(services).run() }
    case .cleanup:
      return try await held(.sweeper) {
        var sweeper = RecordingSweeper(services, looksAtAll: true)
        let report = await sweeper.sweep()
        return Result(json: report.json, hasFailed: !report.errors.isEmpty)
      }
    case .cleanArchives:
      return try await held(.sweeper) {
        let cleaned = await ArchiveCleaner(services).removeDue()
        return Result(json: cleaned.json, hasFailed: !cleaned.errors.isEmpty)
      }
    case .reset(let device, let options):
      let report = await DeviceReset(store: store, storage: services.storage).reset(device, options)
      return Result(json: report.json, hasFailed: !report.errors.isEmpty)
    case .repairArchives(let options):
      let report = await ArchiveRepair(services).repair(options)
      return Result(json: report.json, hasFailed: !report.errors.isEmpty)
    }
  }

  private func held(_ job: FrameJob, _ work: @escaping @Sendable () async -> Result) async throws -> Result {
    let result = Mutex(Result())
    let other = try await keeping.jobs.lease(job).whileHeld {
      let done = await work()
      result.withLock { $0 = done }
    }
    if let other { return Result(json: .object([("skipped", .string(other))])) }
    return result.withLock { $0 }
  }

  /// For a textfile collector. False: it could not be written.
  func writeMetrics() -> Bool {
    guard let path = command.metricsFile else { return true }
    do {
      try Data(registry.render().utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
      return true
    } catch {
      logger.error("the metrics were not written", ["path": path, "error": "\(error)"])
      return false
    }
  }
}

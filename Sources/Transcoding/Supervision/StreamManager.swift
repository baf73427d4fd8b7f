package import Cluster
package import EventLoop
package import Identifiers
internal import MediaLog
internal import Observability

/// The streams that this worker runs. One actor decides who starts and stops, so that a stream has one runtime.
///
/// ```
///   nil ──first viewer──▶ starting ──claimed──▶ running ──idle, deleted, failed, ended──▶ (closing) ──▶ nil
/// ```
package actor StreamManager {
  private enum Entry {
    /// Exits: running, nil if it could not be claimed.
    case starting(Task<StreamRuntime, any Error>)
    /// Exits: nil, when its source is closed and its ownership released.
    case running(StreamRuntime)
  }

  private let services: StreamServices
  private let loops: LoopGroup
  private var entries: [StreamID: Entry] = [:]
  /// Those of the entries that are transcodes.
  private var transcodes: Set<StreamID> = []
  private var whenGone: [StreamID: [CheckedContinuation<Void, Never>]] = [:]
  private var isDraining = false

  package init(services: StreamServices, loops: LoopGroup) {
    self.services = services
    self.loops = loops
  }

  /// The running stream, started if it is not: claimed, and its source opened. The caller has joined as a client, so
  /// that the stream does not end under it. `acceptsEnded`: a film that is over will do, if its end can still be read.
  package func runtime(of id: StreamID, acceptsEnded: Bool) async throws -> StreamRuntime {
    while true {
      switch entries[id] {
      case .starting(let task): return try await task.value
      case .running(let runtime):
        if !runtime.isOver, acceptsEnded || !runtime.isLingering { return runtime }
        runtime.stop(.sourceEnded)
        await gone(id)
      case nil:
        let isTranscode = try await isTranscode(id)
        // Another viewer may have started it meanwhile.
        if entries[id] == nil { return try await start(id, isTranscode: isTranscode) }
      }
      try Task.checkCancellation()
    }
  }

  private func isTranscode(_ id: StreamID) async throws -> Bool {
    guard let record = try await services.coordinator.stream(id) else { throw StreamError.unknown }
    return record.registration.kind.isTranscoded
  }

  private func start(_ id: StreamID, isTranscode: Bool) async throws -> StreamRuntime {
    guard !isDraining else { throw StreamError.draining }
    let settings = services.settings
    guard settings.maxStreams == 0 || entries.count < settings.maxStreams else {
      throw StreamError.limit("MAX_STREAMS", settings.maxStreams)
    }
    guard !isTranscode || settings.maxTranscodes == 0 || transcodes.count < settings.maxTranscodes else {
      throw StreamError.limit("MAX_TRANSCODES", settings.maxTranscodes)
    }
    if isTranscode { transcodes.insert(id) }
    let home = loops.next()
    let task = Task { [services] in try await Self.launch(id, services, home, manager: self) }
    entries[id] = .starting(task)
    do {
      let runtime = try await task.value
      if case .starting = entries[id] { entries[id] = .running(runtime) }
      return runtime
    } catch {
      remove(id)
      throw error
    }
  }

  private func remove(_ id: StreamID) {
    entries[id] = nil
    transcodes.remove(id)
    resumeWaiters(id)
  }

  private static func launch(
    _ id: StreamID, _ services: StreamServices, _ home: EventLoop, manager: StreamManager
  ) async throws -> StreamRuntime {
    switch try await services.coordinator.claim(id, highestSeen: .none) {
    case .unknown: throw StreamError.unknown
    case .owned(let worker, _): throw StreamError.ownedElsewhere(worker)
    case .claimed(let claim):
      let position = try await services.store.open(id, epoch: claim.epoch)
      return await withCheckedContinuation { continuation in
        home.execute {
          let runtime = StreamRuntime(claim: claim, position: position, services: services, home: home)
          runtime.start { Task { await manager.closed(runtime) } }
          continuation.resume(returning: runtime)
        }
      }
    }
  }

  private func closed(_ runtime: StreamRuntime) async {
    // It may be over before its start has been noted.
    if case .starting(let task)? = entries[runtime.id] { _ = try? await task.value }
    guard case .running(let present)? = entries[runtime.id], present === runtime else { return }
    remove(runtime.id)
  }

  private func gone(_ id: StreamID) async {
    guard entries[id] != nil else { return }
    await withCheckedContinuation { whenGone[id, default: []].append($0) }
  }

  private func resumeWaiters(_ id: StreamID) {
    for waiter in whenGone.removeValue(forKey: id) ?? [] { waiter.resume() }
  }

  /// The runtime if the stream runs here.
  package func running(_ id: StreamID) -> StreamRuntime? {
    guard case .running(let runtime)? = entries[id], !runtime.isOver else { return nil }
    return runtime
  }

  /// All that run here, starting ones left out.
  package var runtimes: [StreamRuntime] {
    entries.values.compactMap { entry in
      guard case .running(let runtime) = entry else { return nil }
      return runtime
    }
  }

  /// Ends a stream that runs here and waits until its source is closed. Harmless if it does not run.
  package func stop(_ id: StreamID, _ reason: StopReason) async {
    if case .starting(let task)? = entries[id] { _ = try? await task.value }
    guard case .running(let runtime)? = entries[id] else { return }
    runtime.stop(reason)
    await gone(id)
  }

  /// Starts no more, ends all, and waits until every source is closed.
  package func drain() async {
    isDraining = true
    for id in Array(entries.keys) { await stopSoon(id) }
    for id in Array(entries.keys) { await gone(id) }
  }

  private func stopSoon(_ id: StreamID) async {
    if case .starting(let task)? = entries[id] { _ = try? await task.value }
    if case .running(let runtime)? = entries[id] { runtime.stop(.shutdown) }
  }
}

/// Why a stream cannot be played here.
package enum StreamError: Error, Sendable, Equatable {
  /// No such id is registered.
  case unknown
  /// The worker is stopping.
  case draining
  /// The named setting's limit is reached.
  case limit(String, Int)
  /// Another worker runs it, and this one cannot follow it.
  case ownedElsewhere(WorkerID)
}

package import Cluster
package import EventLoop
package import Identifiers
internal import MediaLog
internal import Observability

/// The streams that this worker runs. One actor decides who starts and stops, so that a stream has one runtime.
///
/// ```
///   nil ──first viewer──▶ starting ──claimed──▶ running ──idle, deleted, failed, ended──▶ (closing) ──▶ nil
///                            └──refused──▶ nil
/// ```
package actor StreamManager {
  /// One runtime, from its start to when its source is closed and its ownership released.
  private struct Slot {
    enum State {
      case starting(Task<StreamRuntime, any Error>)
      case running(StreamRuntime)
    }

    /// Tells it from an earlier or later one of the same stream.
    let number: UInt64
    let isTranscode: Bool
    var state: State
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private let services: StreamServices
  private let loops: LoopGroup
  private var slots: [StreamID: Slot] = [:]
  private var lastNumber: UInt64 = 0
  private var isDraining = false
  private let clientTranscodes = TranscodePlaces()

  package init(services: StreamServices, loops: LoopGroup) {
    self.services = services
    self.loops = loops
  }

  // MARK: Starting

  /// The running stream, started if it is not: claimed, and its source opened. The caller has joined as a client, so
  /// that the stream does not end under it. `acceptsEnded`: a film that is over will do, if its end can still be read.
  /// Throws `StreamError`, `CoordinatorError`, `ChunkStoreError`.
  package func runtime(of id: StreamID, isTranscode: Bool, acceptsEnded: Bool) async throws -> StreamRuntime {
    while true {
      try Task.checkCancellation()
      guard let slot = slots[id] else { return try await start(id, isTranscode: isTranscode) }
      switch slot.state {
      case .starting(let task): return try await task.value
      case .running(let runtime):
        if try await isCurrent(runtime, acceptsEnded: acceptsEnded) { return runtime }
        runtime.stop(.sourceEnded)
        await gone(id, slot.number)
      }
    }
  }

  /// A stop that was decided before the caller joined has raised the stream's epoch, even if its runtime does not know
  /// it yet. None can be decided while the caller is a client; nor is the registration replaced then, but it may have
  /// been while the stream had no clients.
  private func isCurrent(_ runtime: StreamRuntime, acceptsEnded: Bool) async throws -> Bool {
    guard !runtime.isOver, acceptsEnded || !runtime.isLingering else { return false }
    guard let record = try await services.coordinator.stream(runtime.id) else { throw StreamError.unknown }
    return record.epoch <= runtime.claim.epoch && !runtime.isOver
      && record.registration.hasSameMedia(as: runtime.claim.registration)
  }

  private func start(_ id: StreamID, isTranscode: Bool) async throws -> StreamRuntime {
    try checkLimits(isTranscode: isTranscode)
    lastNumber += 1
    let (number, home) = (lastNumber, loops.next())
    let task = Task { try await launch(id, number, home) }
    slots[id] = Slot(number: number, isTranscode: isTranscode, state: .starting(task))
    do {
      let runtime = try await task.value
      // It may be over already.
      if slots[id]?.number == number { slots[id]?.state = .running(runtime) }
      return runtime
    } catch {
      removeSlot(id, number)
      throw error
    }
  }

  private func checkLimits(isTranscode: Bool) throws(StreamError) {
    let settings = services.settings
    if isDraining { throw .draining }
    if settings.maxStreams > 0, slots.count >= settings.maxStreams { throw .limit("MAX_STREAMS", settings.maxStreams) }
    if isTranscode { try checkTranscodes() }
  }

  private func checkTranscodes() throws(StreamError) {
    let limit = services.settings.maxTranscodes
    guard limit > 0, slots.values.count(where: { $0.isTranscode }) + clientTranscodes.count >= limit else { return }
    throw .limit("MAX_TRANSCODES", limit)
  }

  /// A place for a transcode of one client; taken until it is released.
  func reserveTranscode() throws(StreamError) -> TranscodePlace {
    if isDraining { throw .draining }
    try checkTranscodes()
    return clientTranscodes.take()
  }

  private nonisolated func launch(_ id: StreamID, _ number: UInt64, _ home: EventLoop) async throws -> StreamRuntime {
    switch try await services.coordinator.claim(id, highestSeen: .none) {
    case .unknown: throw StreamError.unknown
    case .owned(let worker, _): throw StreamError.ownedElsewhere(worker)
    case .claimed(let claim):
      let position = try await openLog(claim)
      return await withCheckedContinuation { continuation in
        home.execute { [self] in
          let runtime = StreamRuntime(claim: claim, position: position, services: services, home: home)
          runtime.start { Task { await self.removeSlot(id, number) } }
          continuation.resume(returning: runtime)
        }
      }
    }
  }

  /// A claim without a log would block the stream: it is given back.
  private nonisolated func openLog(_ claim: Claim) async throws -> LogPosition {
    let id = claim.registration.id
    do {
      return try await services.store.open(id, epoch: claim.epoch)
    } catch {
      services.logger.warning("a stream's log was not opened", ["stream.id": id.text, "error": "\(error)"])
      _ = try? await services.coordinator.release(id, epoch: claim.epoch, .failed)
      throw error
    }
  }

  // MARK: The end

  private func removeSlot(_ id: StreamID, _ number: UInt64) {
    guard let slot = slots[id], slot.number == number else { return }
    slots[id] = nil
    for waiter in slot.waiters { waiter.resume() }
  }

  private func gone(_ id: StreamID, _ number: UInt64) async {
    guard slots[id]?.number == number else { return }
    await withCheckedContinuation { slots[id]?.waiters.append($0) }
  }

  private func runtime(in slot: Slot) async -> StreamRuntime? {
    switch slot.state {
    case .starting(let task): try? await task.value
    case .running(let runtime): runtime
    }
  }

  /// The id has been deleted: ends what runs of it here, waits until its source is closed, and leaves nothing of its
  /// log. Harmless if it does not run, and if it has been registered again and started anew.
  package func stop(_ id: StreamID, _ reason: StopReason) async {
    guard let slot = slots[id], let runtime = await runtime(in: slot) else { return await services.forgetIfDeleted(id) }
    let isCurrent = (try? await isCurrent(runtime, acceptsEnded: true)) ?? false
    guard !isCurrent else { return }
    runtime.stop(reason)
    await gone(id, slot.number)
  }

  /// Starts no more, ends all, and waits until every source is closed. `killGrace`: how long an FFmpeg may take at most,
  /// if not FFMPEG_KILL_GRACE.
  package func drain(killGrace: Duration? = nil) async {
    isDraining = true
    let present = slots
    for slot in present.values {
      if case .running(let runtime) = slot.state { runtime.stop(.shutdown, killGrace: killGrace) }
    }
    for (id, slot) in present {
      await runtime(in: slot)?.stop(.shutdown, killGrace: killGrace)
      await gone(id, slot.number)
    }
  }

  /// The runtime if the stream runs here.
  package func running(_ id: StreamID) -> StreamRuntime? {
    guard case .running(let runtime)? = slots[id]?.state, !runtime.isOver else { return nil }
    return runtime
  }

  /// Streams that run, start or close here; 0 when nothing is left behind.
  package var count: Int { slots.count }
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

extension StreamRegistration {
  /// Whether a stream that runs with one goes on unchanged with the other: metadata is only shown.
  fileprivate func hasSameMedia(as other: StreamRegistration) -> Bool {
    var copy = self
    copy.metadata = other.metadata
    return copy == other
  }
}

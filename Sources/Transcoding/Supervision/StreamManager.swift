package import Cluster
package import EventLoop
package import Identifiers
internal import MediaLog
internal import Observability

/// The streams that this worker runs or follows. One actor decides who starts and stops, so that a stream is here once.
///
/// ```
///   nil ──first viewer──▶ starting ──claimed, or owned elsewhere──▶ running ──idle, deleted, failed, ended──▶ (closing) ──▶ nil
///                            └──refused──▶ nil
/// ```
package actor StreamManager {
  /// One stream, from its start to when its source is closed and its ownership released.
  private struct Slot {
    enum State {
      case starting(Task<LocalStream, any Error>)
      case running(LocalStream)

      /// Whether the stream is run here, or may come to be.
      var isOwn: Bool {
        switch self {
        case .starting: true
        case .running(let stream): stream.runtime != nil
        }
      }
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
  package func stream(_ id: StreamID, isTranscode: Bool, acceptsEnded: Bool) async throws -> LocalStream {
    while true {
      try Task.checkCancellation()
      guard let slot = slots[id] else { return try await start(id, isTranscode: isTranscode) }
      switch slot.state {
      case .starting(let task): return try await task.value
      case .running(let stream):
        if try await isCurrent(stream, acceptsEnded: acceptsEnded) {
          stream.touch()
          return stream
        }
        stream.stop(.sourceEnded)
        await gone(id, slot.number)
      }
    }
  }

  /// A stop that was decided before the caller joined has raised the stream's epoch, even if its runtime does not know
  /// it yet. None can be decided while the caller is a client; nor is the registration replaced then, but it may have
  /// been while the stream had no clients.
  private func isCurrent(_ stream: LocalStream, acceptsEnded: Bool) async throws -> Bool {
    guard !stream.isOver, acceptsEnded || !stream.isLingering else { return false }
    guard let runtime = stream.runtime else { return true }
    guard let record = try await services.coordinator.stream(stream.id) else { throw StreamError.unknown }
    let isTaken = record.owner.map { $0 != services.coordinator.worker } ?? false
    return (record.epoch <= runtime.claim.epoch || isTaken) && !stream.isOver
      && record.registration.hasSameMedia(as: runtime.claim.registration)
  }

  private func start(_ id: StreamID, isTranscode: Bool) async throws -> LocalStream {
    if isDraining { throw StreamError.draining }
    lastNumber += 1
    let (number, home) = (lastNumber, loops.next())
    let full = limitReached(isTranscode: isTranscode)
    let task = Task { try await launch(id, number, home, isTranscode, full) }
    slots[id] = Slot(number: number, isTranscode: isTranscode, state: .starting(task))
    do {
      let stream = try await task.value
      // It may be over already.
      if slots[id]?.number == number { slots[id]?.state = .running(stream) }
      return stream
    } catch {
      removeSlot(id, number)
      throw error
    }
  }

  /// The limit that keeps another stream from being run here.
  private func limitReached(isTranscode: Bool) -> StreamError? {
    let settings = services.settings
    if settings.maxStreams > 0, slots.values.count(where: \.state.isOwn) >= settings.maxStreams {
      return .limit("MAX_STREAMS", settings.maxStreams)
    }
    return isTranscode ? transcodeLimitReached : nil
  }

  private var transcodeLimitReached: StreamError? {
    let limit = services.settings.maxTranscodes
    let own = slots.values.count { $0.isTranscode && $0.state.isOwn }
    return limit > 0 && own + clientTranscodes.count >= limit ? .limit("MAX_TRANSCODES", limit) : nil
  }

  /// A place for a transcode of one client; taken until it is released.
  func reserveTranscode() throws(StreamError) -> TranscodePlace {
    if isDraining { throw .draining }
    if let full = transcodeLimitReached { throw full }
    return clientTranscodes.take()
  }

  /// Whether another stream may be run here.
  func hasRoom(isTranscode: Bool) -> Bool { !isDraining && limitReached(isTranscode: isTranscode) == nil }

  /// `full`: why the stream cannot be run here; then it is followed if somebody else runs it.
  private nonisolated func launch(
    _ id: StreamID, _ number: UInt64, _ home: EventLoop, _ isTranscode: Bool, _ full: StreamError?
  ) async throws -> LocalStream {
    let role = try await role(for: id, full)
    return await withCheckedContinuation { continuation in
      home.execute { [self] in
        let stream = LocalStream(
          registration: role.registration, services: services, home: home,
          hasRoom: { [weak self] in await self?.hasRoom(isTranscode: isTranscode) ?? false },
          onClosed: { Task { await self.removeSlot(id, number) } })
        switch role {
        case .owner(let claim, let position): stream.own(claim, at: position)
        case .follower: stream.follow()
        }
        continuation.resume(returning: stream)
      }
    }
  }

  private enum StartRole: Sendable {
    case owner(Claim, LogPosition)
    case follower(StreamRegistration)

    var registration: StreamRegistration {
      switch self {
      case .owner(let claim, _): claim.registration
      case .follower(let registration): registration
      }
    }
  }

  private nonisolated func role(for id: StreamID, _ full: StreamError?) async throws -> StartRole {
    guard full == nil else { return try await placed(id, full) }
    switch try await claim(id) {
    case .unknown: throw StreamError.unknown
    case .owned(let worker, _):
      guard services.peers != nil else { throw StreamError.ownedElsewhere(worker) }
      return try await follower(of: id)
    case .claimed(let claim): return .owner(claim, try await services.openLog(claim))
    }
  }

  /// An ownership of this worker that it does not run is one whose claim was not answered, or an earlier life's.
  private nonisolated func claim(_ id: StreamID) async throws -> ClaimResult {
    let answer = try await settledClaim(id, judgedDead: nil)
    guard case .owned(let worker, let epoch) = answer, worker == services.coordinator.worker else { return answer }
    return try await settledClaim(id, judgedDead: Ownership(worker: worker, epoch: epoch))
  }

  /// While the owners put back what a Redis that has just started has lost, nobody else may claim: that is waited for.
  private nonisolated func settledClaim(_ id: StreamID, judgedDead: Ownership?) async throws -> ClaimResult {
    let deadline = ContinuousClock.now + services.settings.firstByteTimeout
    while true {
      do throws(CoordinatorError) {
        return try await services.coordinator.claim(id, highestSeen: .none, judgedDead: judgedDead)
      } catch {
        guard error.code == .settling, let wait = error.retryAfter, .now + wait < deadline else { throw error }
        try await Task.sleep(for: wait + .milliseconds(10))
      }
    }
  }

  /// Somebody else runs the stream, or is asked to.
  private nonisolated func placed(_ id: StreamID, _ full: StreamError?) async throws -> StartRole {
    guard let record = try await services.coordinator.stream(id) else { throw StreamError.unknown }
    if record.owner == nil || record.owner == services.coordinator.worker {
      let isPlaced = await services.peers?.place(id) ?? false
      if !isPlaced, let full { throw full }
    }
    return .follower(record.registration)
  }

  private nonisolated func follower(of id: StreamID) async throws -> StartRole {
    guard let record = try await services.coordinator.stream(id) else { throw StreamError.unknown }
    return .follower(record.registration)
  }

  /// Another worker has no room for a stream, and this one has; or the store says that this one runs it: it runs it for
  /// the clients of others.
  package func run(_ id: StreamID) async throws {
    guard slots[id] == nil, let record = try await services.coordinator.stream(id),
      record.owner == nil || record.owner == services.coordinator.worker,
      hasRoom(isTranscode: record.registration.kind.isTranscoded)
    else { return }
    _ = try await stream(id, isTranscode: record.registration.kind.isTranscoded, acceptsEnded: true)
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

  private func stream(in slot: Slot) async -> LocalStream? {
    switch slot.state {
    case .starting(let task): try? await task.value
    case .running(let stream): stream
    }
  }

  /// The id has been deleted: ends what runs of it here, waits until its source is closed, and leaves nothing of its
  /// log. Harmless if it does not run, and if it has been registered again and started anew.
  package func stop(_ id: StreamID, _ reason: StopReason) async {
    guard let slot = slots[id], let stream = await stream(in: slot) else { return await services.forgetIfDeleted(id) }
    // It may have been registered again meanwhile.
    if case .some(.some) = try? await services.coordinator.stream(id),
      (try? await isCurrent(stream, acceptsEnded: true)) ?? false
    {
      return
    }
    stream.stop(reason)
    await gone(id, slot.number)
  }

  /// Starts no more, and gives what runs here to other workers: each stream goes on there before it ends here. Returns when
  /// all have gone, or after `limit`.
  package func handOver(within limit: Duration) async {
    isDraining = true
    guard let peers = services.peers else { return }
    let deadline = ContinuousClock.now + limit
    var offered: [LocalStream] = []
    for slot in slots.values {
      guard case .running(let stream) = slot.state, let owned = await stream.owned else { continue }
      if await peers.handOver(stream.id, owned.epoch) { offered.append(stream) }
    }
    while offered.contains(where: { $0.runtime != nil && !$0.isOver }), .now < deadline {
      try? await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Another worker gives a stream up to this one.
  package func succeed(_ id: StreamID, _ owner: Ownership) async throws {
    guard let record = try await services.coordinator.stream(id), record.ownership == owner else { return }
    let kind = record.registration.kind
    guard hasRoom(isTranscode: kind.isTranscoded) else { return }
    try await stream(id, isTranscode: kind.isTranscoded, acceptsEnded: true).succeed(owner)
  }

  /// Starts no more, ends all, and waits until every source is closed. `killGrace`: how long an FFmpeg may take at most,
  /// if not FFMPEG_KILL_GRACE.
  package func drain(killGrace: Duration? = nil) async {
    isDraining = true
    let present = slots
    for slot in present.values {
      if case .running(let stream) = slot.state { stream.stop(.shutdown, killGrace: killGrace) }
    }
    for (id, slot) in present {
      await stream(in: slot)?.stop(.shutdown, killGrace: killGrace)
      await gone(id, slot.number)
    }
  }

  /// What puts the streams that run here back into a store that has lost them.
  package func ownedStreams() async -> [OwnedStream] {
    var owned: [OwnedStream] = []
    for slot in slots.values {
      if case .running(let stream) = slot.state, let one = await stream.owned { owned.append(one) }
    }
    return owned
  }

  /// The stream if it is run or followed here.
  package func running(_ id: StreamID) -> LocalStream? {
    guard case .running(let stream)? = slots[id]?.state, !stream.isOver else { return nil }
    return stream
  }

  /// Streams that run, are followed, start or close here; 0 when nothing is left behind.
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

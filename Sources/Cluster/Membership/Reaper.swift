package import Identifiers
package import Observability
internal import Redis

/// Looks for workers whose lease is gone, and sees to it that nothing stays theirs.
///
/// Any worker does; for each dead one a short lock says which. It reads the dead worker's entry, ends the ownerships
/// without clients elsewhere, tells the workers that have clients of the others, and removes the entry when nothing is
/// left: a reaper that dies meanwhile leaves the rest to the next.
package final class Reaper: Sendable {
  private let coordinator: RedisCoordinator
  private let outbox: Outbox
  private let times: LeaseTimes
  private let forgetful: @Sendable () async -> Duration?
  private let logger: Logger

  /// `forgetful`: `LeaseKeeper.forgetful`.
  package init(
    coordinator: RedisCoordinator, outbox: Outbox, times: LeaseTimes = .standard,
    forgetful: @escaping @Sendable () async -> Duration?, logger: Logger
  ) {
    self.coordinator = coordinator
    self.outbox = outbox
    self.times = times
    self.forgetful = forgetful
    self.logger = logger
  }

  /// Looks each `LeaseTimes.check`, until the task is cancelled.
  nonisolated(nonsending) package func run() async {
    var absence = AbsenceRule()
    while !Task.isCancelled {
      do {
        try await Task.sleep(for: times.check * Double.random(in: 0.8...1.2))
        try await look(&absence)
      } catch {
        absence = AbsenceRule()
        logger.debug("a look for dead workers failed", ["error": "\(error)"])
      }
    }
  }

  nonisolated(nonsending) package func look(_ absence: inout AbsenceRule) async throws {
    let found = try await coordinator.leases()
    let isSure = found.leased.isSuperset(of: found.listed)
    let isForgetful = isSure ? false : await forgetful() != nil
    let dead = absence.look(listed: found.listed, leased: found.leased, forgetful: isForgetful)
    for worker in dead where worker != coordinator.worker {
      guard try await coordinator.lockReaping(of: worker, for: times.lapse) else { continue }
      try await reap(worker)
    }
  }

  /// Does what one look can do for a worker that is dead.
  nonisolated(nonsending) package func reap(_ dead: WorkerID) async throws {
    guard let text = try await coordinator.entryText(of: dead),
      let owned = try await coordinator.ownerships(of: dead, streams(dead, text))
    else { return }
    logger.warning("a worker is dead", ["dead.worker.id": dead.text, "dead.streams": String(owned.count)])
    _ = try await coordinator.endClients(of: dead)
    var isWatched = false
    for (stream, owner) in owned {
      guard case .watched(let workers) = try await coordinator.abandon(stream, owner) else { continue }
      isWatched = true
      try await outbox.send(workers.map { (.takeover(stream), to: $0) })
    }
    guard !isWatched, try await coordinator.unlist(dead, read: text) else { return }
    logger.info("a dead worker's entry is removed", ["dead.worker.id": dead.text])
  }

  /// An entry that cannot be read lists nothing.
  private func streams(_ worker: WorkerID, _ text: String) -> [StreamID] {
    WorkerEntryFields.decode(worker.text, text)?.streams ?? []
  }

  /// What another life of this worker's id has left: for a worker that starts, and for one that gets its lease where none
  /// was (`LeaseNotice.gained(wasGone: true)`), each time before its next heartbeat or claim overwrites the entry. Ends the
  /// ownerships without clients, and returns the others, to be claimed with the ownership as the one judged dead.
  /// `running`: what this life runs or is claiming; nil: it has just started, and has no clients either.
  nonisolated(nonsending) package func reapOtherLives(
    running: Set<StreamID>? = nil
  ) async throws(CoordinatorError) -> [(StreamID, Ownership)] {
    let worker = coordinator.worker
    guard let text = try await coordinator.entryText(of: worker) else { return [] }
    if running == nil { _ = try await coordinator.endClients(of: worker) }
    let listed = streams(worker, text).filter { running?.contains($0) != true }
    var watched: [(StreamID, Ownership)] = []
    for (stream, owner) in try await coordinator.ownerships(of: worker, listed) ?? [] {
      if case .watched = try await coordinator.abandon(stream, owner) { watched.append((stream, owner)) }
    }
    return watched
  }
}

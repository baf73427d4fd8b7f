internal import Cluster
internal import Identifiers
internal import Observability

/// What happens when Redis is back.
extension FallbackCoordinator {
  /// For so long after a loss a stream's owner may still put it back, and the viewers of others with it.
  private static let lossTime = Duration.seconds(15)

  /// Viewers that the store has lost are put back; those that are gone otherwise are answered.
  nonisolated(nonsending) func putBack(_ gone: [ClientReference])
    async throws(CoordinatorError) -> [ClientReference]
  {
    guard !gone.isEmpty, let lostAt = change({ $0.lostAt }), lostAt.duration(to: .now) < Self.lossTime else {
      return gone
    }
    let lost = Set(gone)
    let joins = local?.registry.joins.filter {
      lost.contains(ClientReference(stream: $0.stream, client: $0.client))
    }
    _ = try await redis.restore(joins ?? [])
    return []
  }

  /// Looks whether Redis is back, a few times a second, until the task is cancelled. `isMember`: connected, with a lease
  /// and with what an earlier life left known. `forgetful`: `LeaseKeeper.forgetful`.
  func run(isMember: @Sendable () -> Bool, forgetful: @Sendable () async -> Duration?) async {
    var hasLooked = false
    while !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(100))
      guard isAway, isMember() else {
        hasLooked = false
        continue
      }
      let (owned, isForgetful) = (await local?.owned() ?? [], await forgetful() != nil)
      let begins = change { state in
        let isSure = owned.allSatisfy { state.book.isSure($0.registration.id, gaps: state.rule.gaps) }
        return state.rule.looked(isMember: isMember(), mustWait: !isSure && isForgetful)
      }
      if begins { await rejoin(owned) } else if !hasLooked { hasLooked = await putBackOverOlder(owned) }
    }
  }

  /// Whom the store names by an older epoch waits as this worker does, and would go on afterwards: he is to find the newer.
  /// False: Redis did not answer.
  private func putBackOverOlder(_ owned: [OwnedStream]) async -> Bool {
    do {
      for one in owned where change({ $0.book.isGiven(one.registration.id, one.epoch) }) {
        guard let owner = try await redis.stream(one.registration.id)?.ownership, owner.worker != worker,
          FencedResult.Fence.superseded(by: owner).isOlder(than: one.epoch)
        else { continue }
        _ = try await reassertThere([one])
      }
      return true
    } catch {
      return false
    }
  }

  private func rejoin(_ owned: [OwnedStream]) async {
    do {
      let (deleted, released) = change { ($0.book.deleted, $0.book.released) }
      for (id, deletion) in deleted { _ = try await redis.delete(id, deletion, unlessUsed: false) }
      for (id, last) in released { _ = try await redis.release(id, epoch: last.epoch, last.ending) }
      for (id, answer) in try await reassertThere(owned) {
        guard case .fenced(let fence) = answer else { continue }
        logger.warning("a stream that ran here alone is another worker's", ["stream.id": id.text])
        await local?.outbid(id, fence)
      }
      let mine = Set(owned.map(\.registration.id))
      for record in try await memory.streams() where !mine.contains(record.id) {
        _ = try await redis.register(record.registration)
      }
      guard change({ $0.rule.rejoined() }) else { return }
      logger.info("Redis is back: this worker has joined the cluster", ["streams": String(owned.count)])
      let polling = change { state in
        state.book.rejoined()
        state.lostAt = .now
        return state.book.polling(within: .seconds(30), now: .now)
      }
      _ = try await redis.restore((local?.registry.joins ?? []) + polling)
    } catch {
      let isAwayAgain = change { $0.rule.failed(now: .now) }
      logger.warning(
        "this worker has not joined the cluster yet", ["error": "\(error)", "again": String(isAwayAgain)])
    }
  }

  /// After the store has lost what it knew, while this worker was never cut off: puts back all that is here.
  func putBack() async {
    guard !isAway else { return }
    change { $0.lostAt = .now }
    do {
      for (id, answer) in try await reassertThere(await local?.owned() ?? []) {
        if case .fenced(let fence) = answer { await local?.outbid(id, fence) }
      }
      let polling = change { $0.book.polling(within: .seconds(30), now: .now) }
      _ = try await redis.restore((local?.registry.joins ?? []) + polling)
    } catch {
      logger.warning("the streams of this worker were not put back", ["error": "\(error)"])
    }
  }
}

internal import Cluster
internal import Identifiers

extension FallbackCoordinator {
  nonisolated(nonsending) func claim(_ id: StreamID, highestSeen: Epoch, judgedDead: Ownership?)
    async throws(CoordinatorError) -> ClaimResult
  {
    try await either { redis throws(CoordinatorError) in
      let result = try await redis.claim(id, highestSeen: highestSeen, judgedDead: judgedDead)
      if case .claimed(let claim) = result { change { $0.book.confirm(id, claim.epoch, gaps: $0.rule.gaps) } }
      return result
    } _: { memory throws(CoordinatorError) in
      try mayStart()
      guard let record = try await known(id) else { return .unknown }
      // It may well run, only not where this worker can see it.
      if isForeign(record) { throw Self.unavailable }
      let seen = max(highestSeen, change { $0.book.records[id]?.epoch ?? .none })
      return try await memory.claim(id, highestSeen: seen, judgedDead: judgedDead)
    }
  }

  nonisolated(nonsending) func reassert(_ owned: [OwnedStream])
    async throws(CoordinatorError) -> [StreamID: FencedResult]
  {
    try await either { redis throws(CoordinatorError) in
      try await reassertThere(owned)
    } _: { _ throws(CoordinatorError) in
      var answers: [StreamID: FencedResult] = [:]
      for one in owned { answers[one.registration.id] = try await seed(one) }
      return answers
    }
  }

  nonisolated(nonsending) func reassertThere(_ owned: [OwnedStream])
    async throws(CoordinatorError) -> [StreamID: FencedResult]
  {
    let marked = change { state in
      owned.map { one in
        var one = one
        one.yields = !state.book.isGiven(one.registration.id, one.epoch)
        return one
      }
    }
    let answers = try await redis.reassert(marked)
    change { state in
      for one in owned where answers[one.registration.id] == .accepted {
        state.book.confirm(one.registration.id, one.epoch, gaps: state.rule.gaps)
      }
    }
    return answers
  }

  nonisolated(nonsending) func update(_ id: StreamID, epoch: Epoch, _ update: StreamUpdate)
    async throws(CoordinatorError) -> FencedResult
  {
    try await either { redis throws(CoordinatorError) in
      let answer = try await redis.update(id, epoch: epoch, update)
      if answer == .accepted { change { $0.book.confirm(id, epoch, gaps: $0.rule.gaps) } }
      return answer
    } _: { memory throws(CoordinatorError) in
      try await memory.update(id, epoch: epoch, update)
    }
  }

  nonisolated(nonsending) func release(_ id: StreamID, epoch: Epoch, _ ending: StreamEnding)
    async throws(CoordinatorError) -> FencedResult
  {
    try await either { redis throws(CoordinatorError) in
      try await redis.release(id, epoch: epoch, ending)
    } _: { memory throws(CoordinatorError) in
      change { $0.book.release(id, epoch, ending) }
      return try await memory.release(id, epoch: epoch, ending)
    }
  }

  nonisolated(nonsending) func stopIfIdle(_ id: StreamID, epoch: Epoch, grace: Duration)
    async throws(CoordinatorError) -> StopResult
  {
    try await either { redis throws(CoordinatorError) in
      try await redis.stopIfIdle(id, epoch: epoch, grace: grace)
    } _: { memory throws(CoordinatorError) in
      // It may have viewers elsewhere.
      let keeps = change { $0.book.kept.contains(id) && $0.rule.awayFor(now: .now) < Self.keepsRunning }
      if keeps { return .keep(clients: 1, remaining: grace) }
      return try await memory.stopIfIdle(id, epoch: epoch, grace: grace)
    }
  }

  nonisolated(nonsending) func report(_ id: StreamID, epoch: Epoch, _ event: OwnerEvent)
    async throws(CoordinatorError) -> FencedResult
  {
    try await either { redis throws(CoordinatorError) in
      try await redis.report(id, epoch: epoch, event)
    } _: { memory throws(CoordinatorError) in
      try await memory.report(id, epoch: epoch, event)
    }
  }
}

package import Identifiers

extension MemoryCoordinator {
  package nonisolated(nonsending) func register(_ registration: StreamRegistration)
    async throws(CoordinatorError) -> RegisterResult
  {
    step { $0.register(registration, now: $1) }
  }

  package nonisolated(nonsending) func stream(_ id: StreamID) async throws(CoordinatorError) -> StreamRecord? {
    read { $0.stream(id) }
  }

  package nonisolated(nonsending) func streams() async throws(CoordinatorError) -> [StreamRecord] {
    snapshot.streams
  }

  package nonisolated(nonsending) func touch(_ id: StreamID) async throws(CoordinatorError) -> Bool {
    quietStep { $0.touch(id, now: $1) }
  }

  package nonisolated(nonsending) func delete(_ id: StreamID, _ deletion: StreamDeletion, unlessUsed: Bool)
    async throws(CoordinatorError) -> DeleteResult
  {
    step { $0.delete(id, deletion, unlessUsed: unlessUsed, now: $1) }
  }

  package nonisolated(nonsending) func takeSweep(for interval: Duration) async throws(CoordinatorError) -> Bool { true }

  package nonisolated(nonsending) func settleIdle(grace: Duration)
    async throws(CoordinatorError) -> [StreamRecord]
  {
    step { $0.settleIdle(grace: grace, now: $1) }
  }

  package nonisolated(nonsending) func forgetExpired(timeout: Duration)
    async throws(CoordinatorError) -> [StreamRecord]
  {
    step { $0.forgetExpired(timeout: timeout, now: $1) }
  }

  package nonisolated(nonsending) func claim(_ id: StreamID, highestSeen: Epoch, judgedDead: Ownership?)
    async throws(CoordinatorError) -> ClaimResult
  {
    guard let result = step({ $0.claim(id, highestSeen: highestSeen, judgedDead: judgedDead, now: $1) }) else {
      throw CoordinatorError(.draining, "this worker is draining")
    }
    return result
  }

  package nonisolated(nonsending) func reassert(_ owned: [OwnedStream])
    async throws(CoordinatorError) -> [StreamID: FencedResult]
  {
    owned.reduce(into: [:]) { answers, owned in
      answers[owned.registration.id] = step { $0.reassert(owned, now: $1) }
    }
  }

  package nonisolated(nonsending) func update(_ id: StreamID, epoch: Epoch, _ update: StreamUpdate)
    async throws(CoordinatorError) -> FencedResult
  {
    quietStep { book, _ in book.update(id, epoch: epoch, update) }
  }

  package nonisolated(nonsending) func release(_ id: StreamID, epoch: Epoch, _ ending: StreamEnding)
    async throws(CoordinatorError) -> FencedResult
  {
    step { $0.release(id, epoch: epoch, ending, now: $1) }
  }

  package nonisolated(nonsending) func stopIfIdle(_ id: StreamID, epoch: Epoch, grace: Duration)
    async throws(CoordinatorError) -> StopResult
  {
    quietStep { $0.stopIfIdle(id, epoch: epoch, grace: grace, now: $1) }
  }

  package nonisolated(nonsending) func report(_ id: StreamID, epoch: Epoch, _ event: OwnerEvent)
    async throws(CoordinatorError) -> FencedResult
  {
    step { book, _ in book.report(id, epoch: epoch, event) }
  }
}

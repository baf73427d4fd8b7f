internal import Cluster
internal import Identifiers

extension FallbackCoordinator {
  nonisolated(nonsending) func register(_ registration: StreamRegistration)
    async throws(CoordinatorError) -> RegisterResult
  {
    let result = try await either { redis throws(CoordinatorError) in
      try await redis.register(registration)
    } _: { memory throws(CoordinatorError) in
      try mayStart()
      if let known = try? await known(registration.id), isForeign(known) { return .registered(known, reused: true) }
      change { $0.book.registered(registration.id) }
      return try await memory.register(registration)
    }
    if case .registered(let record, _) = result, !isAway { change { $0.book.saw(record) } }
    return result
  }

  nonisolated(nonsending) func stream(_ id: StreamID) async throws(CoordinatorError) -> StreamRecord? {
    try await either { redis throws(CoordinatorError) in
      var record = try await redis.stream(id)
      if record == nil, try await isBack(id) { record = try await redis.stream(id) }
      change { if let record { $0.book.saw(record) } else { $0.book.forget(id) } }
      return record
    } _: { _ throws(CoordinatorError) in
      try await known(id)
    }
  }

  nonisolated(nonsending) func streams() async throws(CoordinatorError) -> [StreamRecord] {
    try await either { redis throws(CoordinatorError) in
      try await redis.streams()
    } _: { memory throws(CoordinatorError) in
      try await seedAll()
      return try await memory.streams()
    }
  }

  nonisolated(nonsending) func touch(_ id: StreamID) async throws(CoordinatorError) -> Bool {
    try await either { redis throws(CoordinatorError) in
      try await redis.touch(id)
    } _: { memory throws(CoordinatorError) in
      guard let record = try await known(id) else { return false }
      return isForeign(record) ? true : try await memory.touch(id)
    }
  }

  nonisolated(nonsending) func delete(_ id: StreamID, _ deletion: StreamDeletion, unlessUsed: Bool)
    async throws(CoordinatorError) -> DeleteResult
  {
    try await either { redis throws(CoordinatorError) in
      try await redis.delete(id, deletion, unlessUsed: unlessUsed)
    } _: { memory throws(CoordinatorError) in
      if let record = try await known(id), isForeign(record) { throw Self.unavailable }
      let result = try await memory.delete(id, deletion, unlessUsed: unlessUsed)
      if case .deleted = result { change { $0.book.delete(id, deletion) } }
      return result
    }
  }

  nonisolated(nonsending) func takeSweep(for interval: Duration) async throws(CoordinatorError) -> Bool {
    try await either { redis throws(CoordinatorError) in
      try await redis.takeSweep(for: interval)
    } _: { memory throws(CoordinatorError) in
      try await memory.takeSweep(for: interval)
    }
  }

  nonisolated(nonsending) func settleIdle(grace: Duration) async throws(CoordinatorError) -> [StreamRecord] {
    try await either { redis throws(CoordinatorError) in
      try await redis.settleIdle(grace: grace)
    } _: { memory throws(CoordinatorError) in
      try await memory.settleIdle(grace: grace)
    }
  }

  nonisolated(nonsending) func forgetExpired(timeout: Duration) async throws(CoordinatorError) -> [StreamRecord] {
    try await either { redis throws(CoordinatorError) in
      try await redis.forgetExpired(timeout: timeout)
    } _: { memory throws(CoordinatorError) in
      try await memory.forgetExpired(timeout: timeout)
    }
  }
}

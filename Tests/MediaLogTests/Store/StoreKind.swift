import MediaLog
import TestKit
import Testing

/// One kind of store. Each that is added here has to behave as all others do.
struct StoreKind: Sendable, CustomTestStringConvertible {
  let name: String
  /// Two workers' stores of the same streams.
  let make: @Sendable (WindowLimits, Fixture) async throws -> (any ChunkStore, any ChunkStore)

  var testDescription: String { name }

  static let all = [
    StoreKind(name: "memory") { limits, _ in
      let store = MemoryChunkStore(limits: limits)
      return (store, store)
    },
    StoreKind(name: "Redis") { limits, fixture in
      let server = try await fixture.redisServer()
      let first = try await fixture.redisStore(server, limits: limits).store
      return (first, try await fixture.redisStore(server, limits: limits).store)
    },
  ]

  func withStore(_ limits: WindowLimits, _ body: (any ChunkStore) async throws -> Void) async throws {
    try await withFixture { try await body(try await make(limits, $0).0) }
  }
}

internal import Synchronization

/// What a test has set up, undone in reverse order when `withFixture` ends, however it ends.
///
/// ```
/// try await withFixture { fixture in
///   let source = try await fixture.sourceServer(media)
///   let worker = try await fixture.worker(["LOG_LEVEL": "debug"])
///   …
/// }
/// ```
package final class Fixture: Sendable {
  private let teardowns = Mutex<[@Sendable () async throws -> Void]>([])

  fileprivate init() {}

  /// `work` runs at the end, before everything that was added earlier. An error in it does not keep the others from
  /// running; the first one becomes the test's, unless the test has failed by itself.
  package func addTeardown(_ work: @escaping @Sendable () async throws -> Void) {
    teardowns.withLock { $0.append(work) }
  }

  fileprivate func tearDown() async throws {
    var first: (any Error)?
    while let work = teardowns.withLock({ $0.popLast() }) {
      do { try await work() } catch { first = first ?? error }
    }
    if let first { throw first }
  }

  /// A folder that goes with the fixture.
  package func temporaryFolder(_ name: String = "test") throws -> TemporaryFolder {
    let folder = try TemporaryFolder(name)
    addTeardown { folder.remove() }
    return folder
  }
}

/// Runs `body` with a fixture and tears it down.
package func withFixture<Value>(
  isolation: isolated (any Actor)? = #isolation, _ body: (Fixture) async throws -> sending Value
) async throws -> sending Value {
  let fixture = Fixture()
  let value: Value
  do {
    value = try await body(fixture)
  } catch {
    try? await fixture.tearDown()
    throw error
  }
  try await fixture.tearDown()
  return value
}

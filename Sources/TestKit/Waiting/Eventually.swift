/// A condition that did not come true in time. Its description names the condition, the limit and the place.
package struct WaitTimeout: Error, CustomStringConvertible {
  package let description: String
}

/// Waits until `condition` is true and throws `WaitTimeout` if it is not within `limit`. `what` completes the sentence
/// "waited 5 s for …". The condition is asked at once, each `polling` and a last time when the limit has passed.
package func eventually(
  _ what: String = "the condition", within limit: Duration = .seconds(5), polling: Duration = .milliseconds(10),
  fileID: StaticString = #fileID, line: Int = #line, isolation: isolated (any Actor)? = #isolation,
  _ condition: () async throws -> Bool
) async throws {
  _ = try await eventualValue(what, within: limit, polling: polling, fileID: fileID, line: line) {
    try await condition() ? () : nil
  }
}

/// Waits until `produce` gives a value, and gives that; otherwise as `eventually`.
package func eventualValue<Value>(
  _ what: String = "a value", within limit: Duration = .seconds(5), polling: Duration = .milliseconds(10),
  fileID: StaticString = #fileID, line: Int = #line, isolation: isolated (any Actor)? = #isolation,
  _ produce: () async throws -> Value?
) async throws -> Value {
  let deadline = Deadline(after: limit)
  while true {
    let isLast = deadline.hasPassed
    if let value = try await produce() { return value }
    guard !isLast else { throw WaitTimeout(description: "\(fileID):\(line): waited \(limit) for \(what)") }
    try await Task.sleep(for: polling)
  }
}

internal import Redis

typealias InboxEntry = (id: String, fields: [(String, String)])

enum InboxEntries {
  /// Of a reply of XRANGE; what has another shape has no fields, so that it is passed over.
  static func decode(_ reply: RedisValue) -> [InboxEntry] {
    (reply.elements ?? []).compactMap { entry in
      guard let parts = entry.elements, parts.count == 2, let id = parts[0].text else { return nil }
      return (id, parts[1].pairs ?? [])
    }
  }
}

/// After which entry an inbox is read on.
struct InboxPosition {
  private(set) var id = "0-0"
  /// Whether the newest entry has to be looked up first: at the start, since what is older is not for this life of the
  /// worker; and after a loss of the connection, since the server may come back with lower ids than we have read.
  private(set) var needsNewest = true
  private var hasStarted = false

  mutating func lostConnection() { needsNewest = true }

  mutating func advance(to entry: String) { id = entry }

  /// Nil: the inbox is empty.
  mutating func found(newest: String?) {
    needsNewest = false
    let newest = newest ?? "0-0"
    if !hasStarted || Self.isBefore(newest, id) { id = newest }
    hasStarted = true
  }

  /// `<ms>-<sequence>`.
  static func isBefore(_ left: String, _ right: String) -> Bool { parts(left) < parts(right) }

  private static func parts(_ id: String) -> (UInt64, UInt64) {
    let numbers = id.split(separator: "-", maxSplits: 1).map { UInt64($0) ?? 0 }
    return (numbers.first ?? 0, numbers.count > 1 ? numbers[1] : 0)
  }
}

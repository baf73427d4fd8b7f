/// Why something could not be done in the storage.
package struct StorageError: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Code: Sendable, Equatable {
    case missing
    /// Nothing is replaced.
    case exists
    /// No space, or none for this user.
    case full
    /// The path leads out of the base.
    case outside
    /// A folder, a pipe … where a file is wanted, or a file where a folder is.
    case wrongKind
    /// Read-only, no permission, an I/O error, a base that is gone …
    case failed
  }

  package let code: Code
  /// What was to be done: `write`, `link` …
  package let operation: String
  /// Below the base.
  package let path: String
  /// errno, or another reason.
  package let reason: String

  package init(code: Code, operation: String, path: String, reason: String) {
    (self.code, self.operation, self.path, self.reason) = (code, operation, path, reason)
  }

  /// The base has no `client_ids`.
  static func noClients(_ operation: String) -> StorageError {
    StorageError(
      code: .failed, operation: operation, path: StoragePath.clients.text,
      reason: "there is no such folder; is the storage mounted?")
  }

  package var description: String { "cannot \(operation) \(path): \(reason)" }
}

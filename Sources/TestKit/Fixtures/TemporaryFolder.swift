internal import Foundation

/// A new empty folder of its own below the system's temporary folder.
package struct TemporaryFolder: Sendable {
  /// Absolute, without a trailing slash.
  package let path: String

  /// `name` is part of the folder's name, to tell what a left-over belongs to.
  package init(_ name: String = "test") throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("millrace-\(name)-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  /// The path of an entry; nothing is created.
  package func file(_ name: String) -> String { path + "/" + name }

  /// Writes an entry and gives its path.
  @discardableResult
  package func write(_ bytes: [UInt8], to name: String) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
    return file(name)
  }

  /// Removes the folder with all that is in it. Harmless when it is gone.
  package func remove() { try? FileManager.default.removeItem(atPath: path) }
}

/// The whole content of a file.
package func readFile(_ path: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: URL(fileURLWithPath: path))) }

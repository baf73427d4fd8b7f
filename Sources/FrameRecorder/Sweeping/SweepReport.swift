package import JSONCoding

/// What a sweep did.
package struct SweepReport: Sendable, Equatable {
  package var devices = 0
  package var segmentsDeleted = 0
  package var framesDeleted = 0
  package var archivesDeleted = 0
  /// Segments that no index named, and temporary files.
  package var orphansDeleted = 0
  package var bytesFreed: Int64 = 0
  package private(set) var errors: [String] = []
  /// All of them, also those that are not named.
  private(set) var failures = 0

  private static let mostErrors = 100

  package init() {}

  package mutating func note(_ error: some CustomStringConvertible) {
    failures += 1
    if errors.count < Self.mostErrors { errors.append(error.description) }
  }

  package mutating func note(_ error: any Error) { note("\(error)") }

  /// What `millrace cleanup` prints.
  package var json: JSON {
    .object([
      ("devices", .integer(devices)), ("segments_deleted", .integer(segmentsDeleted)),
      ("frames_deleted", .integer(framesDeleted)), ("archives_deleted", .integer(archivesDeleted)),
      ("bytes_freed", .integer(bytesFreed)), ("errors", .array(errors.map { .string($0) })),
    ])
  }
}

/// What an entry of a folder is.
package struct StorageEntry: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    case file, folder, link, other
  }

  package let name: String
  package let kind: Kind
  /// Bytes.
  package let size: Int64
  /// By the clock of the file's host.
  package let modified: FrameTime
}

/// How much a storage holds, in bytes.
package struct StorageSpace: Sendable, Equatable {
  /// That this user may write.
  package let free: UInt64
  package let total: UInt64

  package init(free: UInt64, total: UInt64) { (self.free, self.total) = (free, total) }

  /// 0…100; of a storage without a size 100.
  package var freePercent: Double { total == 0 ? 100 : Double(min(free, total)) / Double(total) * 100 }
}

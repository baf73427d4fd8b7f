internal import Digests
internal import Synchronization

/// A playlist as it is sent: its bytes, what they are told from others by, and their short form.
package final class PlaylistText: Sendable {
  package let bytes: [UInt8]
  /// A strong entity tag, with its quotation marks: on every worker the same for the same bytes.
  package let entityTag: String
  /// Of the short form.
  package let gzipEntityTag: String
  private let short = Mutex<Task<[UInt8]?, Never>?>(nil)

  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
    let digest = Base64.urlText(SHA256.digest(bytes).prefix(12))
    entityTag = "\"\(digest)\""
    gzipEntityTag = "\"\(digest)-gz\""
  }

  /// Made when it is first asked for, not on the caller's loop. Nil: there is no memory for it.
  nonisolated(nonsending) package func gzip() async -> [UInt8]? {
    let task = short.withLock { short in
      if let short { return short }
      let task = Task { [bytes] in Gzip.compress(bytes) }
      short = task
      return task
    }
    return await task.value
  }

  /// What it takes of memory at most: the short form is a fraction.
  var cost: Int { bytes.count + bytes.count / 4 }
}

internal import Digests
internal import Synchronization

/// A playlist as it is sent: its bytes, what they are told from others by, and their short form.
package final class PlaylistText: Sendable {
  package let bytes: [UInt8]
  /// A strong entity tag, with its quotation marks: on every worker the same for the same bytes.
  package let entityTag: String
  /// Of the short form.
  package let gzipEntityTag: String
  private let short = Mutex<[UInt8]?>(nil)

  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
    let digest = Base64.urlText(SHA256.digest(bytes).prefix(12))
    entityTag = "\"\(digest)\""
    gzipEntityTag = "\"\(digest)-gz\""
  }

  /// Made when it is first asked for.
  package var gzip: [UInt8]? {
    if let made = short.withLock({ $0 }) { return made }
    let made = Gzip.compress(bytes)
    short.withLock { $0 = made }
    return made
  }

  /// What it takes of memory at most: the short form is a fraction.
  var cost: Int { bytes.count + bytes.count / 4 }
}

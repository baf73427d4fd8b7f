package import Identifiers
package import Observability

/// What an owner wants to change in its stream's record. Nil and 0 leave a field as it is.
package struct StreamUpdate: Sendable {
  /// The phases that an owner sets; the others follow from claims, stops and releases.
  package enum Phase: Sendable, Equatable {
    case starting, running, holding
  }

  package var phase: Phase?
  package var currentURLIndex: Int?
  /// Empty: the URL is that of the index again.
  package var currentURL: String?
  package var failoverAttempts: Int?
  package var lastFailover: WallTime?
  /// 0: no process any more.
  package var ffmpegPID: Int32?
  package var lastError: String?
  package var head: ChunkNumber?
  package var segment: SegmentNumber?
  package var targetDuration: Duration?
  package var mediaInfo: [String: MediaProperty]?
  package var outputMediaInfo: [String: MediaProperty]?
  /// Added to the counts since the last update that was accepted.
  package var addedRestarts = 0
  package var addedErrors = 0
  package var addedBytesReceived: UInt64 = 0

  package init() {}

  package init(phase: Phase) { self.phase = phase }
}

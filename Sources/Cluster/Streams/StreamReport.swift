package import Identifiers
package import Observability

/// A property of the media, as JSON shows it.
package enum MediaProperty: Hashable, Sendable {
  case text(String)
  case integer(Int)
  case number(Double)
}

/// What the owner of a stream has said about it. Survives the owner, so that the next one goes on from here.
package struct StreamReport: Sendable, Equatable {
  /// -1 the primary URL, 0 the first of the failover list.
  package var currentURLIndex = -1
  /// Set when a resolver named a URL that is in no list. Unmasked.
  package var currentURL: String?
  package var failoverAttempts = 0
  package var lastFailover: WallTime?
  package var ffmpegPID: Int32?
  /// Restarts of FFmpeg or of the source since the stream started.
  package var restarts = 0
  /// Errors of the source since the stream was created.
  package var errorCount = 0
  package var lastError: String?
  /// Number of the last committed chunk and of the last HLS segment, for display and as a lower bound: the chunk
  /// store knows better.
  package var head: ChunkNumber?
  package var segment: SegmentNumber?
  /// Of the HLS playlist: viewers may be silent for three of it.
  package var targetDuration: Duration = .zero
  /// Media taken from the source since the stream was created, in bytes.
  package var bytesReceived: UInt64 = 0
  /// Keys of `media_info` and `output_media_info` (api.md §2.6).
  package var mediaInfo: [String: MediaProperty] = [:]
  package var outputMediaInfo: [String: MediaProperty] = [:]

  package init() {}

  /// Positions never go back, counters add up, all else is replaced where the update says something.
  package mutating func apply(_ update: StreamUpdate) {
    if let index = update.currentURLIndex { currentURLIndex = index }
    if let url = update.currentURL { currentURL = url.isEmpty ? nil : url }
    if let attempts = update.failoverAttempts { failoverAttempts = attempts }
    if let time = update.lastFailover { lastFailover = time }
    if let pid = update.ffmpegPID { ffmpegPID = pid == 0 ? nil : pid }
    if let error = update.lastError { lastError = error }
    if let duration = update.targetDuration { targetDuration = duration }
    if let info = update.mediaInfo { mediaInfo = info }
    if let info = update.outputMediaInfo { outputMediaInfo = info }
    restarts += update.addedRestarts
    errorCount += update.addedErrors
    bytesReceived &+= update.addedBytesReceived
    if let number = update.head, head.map({ $0 < number }) ?? true { head = number }
    if let number = update.segment, segment.map({ $0 < number }) ?? true { segment = number }
  }

  /// A new run: what described the last process and the last outage is over; positions and totals stay.
  mutating func startAfresh() {
    currentURLIndex = -1
    currentURL = nil
    failoverAttempts = 0
    ffmpegPID = nil
    restarts = 0
  }
}

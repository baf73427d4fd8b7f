import Identifiers

@testable import MediaLog

/// Chunks by hand.
enum Made {
  static let stream = StreamID(digest: [UInt8](repeating: 7, count: 16))
  static let second: Int64 = 90_000

  static func chunk(
    _ number: UInt64, epoch: UInt64 = 1, isRandomAccess: Bool = true, splice: Bool = false, starts: Bool = false,
    startTime: Int64 = 0, wall: Int64 = 0, listed: Int = 0
  ) -> Chunk {
    Chunk(
      ChunkHeader(
        number: ChunkNumber(number), epoch: Epoch(epoch), isRandomAccess: isRandomAccess, followsDiscontinuity: splice,
        startsSegment: starts, startTime: startTime, wallMilliseconds: wall, continuity: [], listedSegments: listed))
  }

  static func sealed(
    _ number: UInt64, epoch: UInt64 = 1, bytes: Int = 1_880, duration: Int64 = 22_500, isRandomAccess: Bool = true,
    splice: Bool = false, starts: Bool = false, target: Int? = nil
  ) -> SealedChunk {
    let chunk = chunk(number, epoch: epoch, isRandomAccess: isRandomAccess, splice: splice, starts: starts)
    return SealedChunk(chunk: chunk, byteCount: bytes, duration: duration, targetDuration: target)
  }
}

/// A window and a playlist as a log keeps them, without a log.
struct MadeLog {
  var window = LogWindow()
  var playlist: PlaylistRule
  var end: LogEnd?
  let limits: WindowLimits
  let listSize: Int
  var epoch: UInt64 = 1
  private var next: UInt64 = 1
  private(set) var lastReceipt: CommitReceipt?
  private var uncommitted: [SealedChunk] = []
  /// Viewers elsewhere have had segments up to this one.
  var floor = SegmentNumber(0)

  init(listSize: Int = 10, seconds: Double = 60, bytes: Int = 1 << 30) {
    limits = WindowLimits(seconds: seconds, bytes: bytes)
    self.listSize = listSize
    playlist = PlaylistRule(listSize: listSize)
  }

  var snapshot: LogSnapshot { LogSnapshot(window: window, playlist: playlist, end: end) }
  var playlistText: String? { HLSView.playlist(of: snapshot) { "s\($0)" } }

  /// Seals one chunk without committing it.
  mutating func seal(
    seconds: Double = 1, bytes: Int = 1_880, starts: Bool = false, splice: Bool = false, isRandomAccess: Bool? = nil,
    wall: Int64 = 0, target: Int? = 2
  ) {
    let listed = PlaylistRule.listedSegments(behind: window, listSize: listSize, limits: limits)
    let chunk = Made.chunk(
      next, epoch: epoch, isRandomAccess: isRandomAccess ?? starts, splice: splice, starts: starts, wall: wall,
      listed: starts ? listed : 0)
    next += 1
    let duration = Int64(seconds * 90_000)
    window.open(chunk)
    window.seal(byteCount: bytes, duration: duration, limits: limits)
    uncommitted.append(SealedChunk(chunk: chunk, byteCount: bytes, duration: duration, targetDuration: target))
  }

  /// Commits what is sealed, in order, at most `count` chunks.
  mutating func commit(_ count: Int = .max) {
    for var sealed in uncommitted.prefix(count) {
      if let lastReceipt, sealed.chunk.header.startsSegment {
        sealed.skippedSegments = CommitRule.skippedSegments(after: lastReceipt, listed: floor)
      }
      let receipt = CommitRule.receipt(after: lastReceipt, for: sealed)
      lastReceipt = receipt
      window.committed(sealed.chunk.number, receipt)
      playlist.committed(window)
    }
    uncommitted.removeFirst(min(count, uncommitted.count))
  }

  /// The store never gets the oldest chunk that waits.
  mutating func drop() { uncommitted.removeFirst(min(1, uncommitted.count)) }

  /// A segment of two chunks, committed.
  mutating func segment(
    seconds: Double = 2, splice: Bool = false, wall: Int64 = 0, bytes: Int = 1_880, target: Int? = 2
  ) {
    seal(seconds: seconds / 2, bytes: bytes, starts: true, splice: splice, wall: wall, target: target)
    seal(seconds: seconds / 2, bytes: bytes, wall: wall, target: target)
    commit()
  }

  /// What another worker reads of it.
  var stored: [StoredChunk] {
    window.items.compactMap { item in
      item.receipt.map {
        StoredChunk(
          item.chunk, ChunkEntry(item.chunk.header, byteCount: item.byteCount, duration: item.duration, receipt: $0))
      }
    }
  }

  mutating func finish(_ reason: LogEnd = .ended) {
    end = reason
    playlist.ended(window)
  }
}

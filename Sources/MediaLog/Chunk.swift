internal import CLinux
internal import Glibc
package import Identifiers
package import TransportStream

/// Whole TS packets in one buffer, the unit that the log keeps, commits and shares by reference.
///
/// ```
///   bytes ┌───────────────────────────┬──────────────┬───────────┐
///         │ published: never changes  │ written, not │ untouched │
///         │ (any thread reads)        │ yet published│ pages     │
///         └───────────────────────────┴──────────────┴───────────┘ capacity
/// ```
///
/// The buffer is a mapping of its own: pages that a small chunk never touches take no memory, not even by way of huge
/// pages.
// Safe: only the log's writer stores into `bytes`, above the count published under the log's lock; below it they rest.
package final class Chunk: @unchecked Sendable {
  /// 188 × 1,394 bytes: the next byte would cost the media store a quarter more memory (design.md §4).
  package static let capacity = 262_072
  private static let mappedBytes = 262_144

  package let header: ChunkHeader
  package let bytes: UnsafeMutableRawPointer

  package init(_ header: ChunkHeader) {
    self.header = header
    guard let bytes = clinux_map(Self.mappedBytes) else { fatalError("out of memory for a chunk") }
    madvise(bytes, Self.mappedBytes, MADV_NOHUGEPAGE)
    self.bytes = bytes
  }

  package var number: ChunkNumber { header.number }

  /// What a chunk of `byteCount` bytes takes in memory: whole pages. Windows are bounded by this, so that a source which
  /// makes tiny chunks cannot make many.
  package static func footprint(_ byteCount: Int) -> Int { max(1, (byteCount + 4_095) / 4_096) * 4_096 }

  deinit { clinux_unmap(bytes, Self.mappedBytes) }
}

/// What is known of a chunk when its first byte is written.
package struct ChunkHeader: Sendable, Equatable {
  package var number: ChunkNumber
  package var epoch: Epoch
  /// The chunk begins with PAT, PMT and a random access point of the main stream.
  package var isRandomAccess: Bool
  /// The chunk's first byte follows a splice: another run of the source, another owner.
  package var followsDiscontinuity: Bool
  /// The chunk is the first of an HLS segment; it then begins with PAT and PMT.
  package var startsSegment: Bool
  /// Decode time of the main stream at the chunk's start, unwrapped, 90 kHz.
  package var startTime: Int64
  /// Wall clock of the first byte, ms since 1970 (for PROGRAM-DATE-TIME only, never compared).
  package var wallMilliseconds: Int64
  /// PID and last continuity counter of each PID of the log before this chunk: what a reader that skips here needs.
  package var continuity: ContiguousArray<PIDContinuity>
  /// Of a chunk that starts a segment: how many complete segments a playlist names once the chunk is committed. Decided by
  /// the owner, so that all workers list the same.
  package var listedSegments: Int

  package init(
    number: ChunkNumber, epoch: Epoch, isRandomAccess: Bool, followsDiscontinuity: Bool, startsSegment: Bool,
    startTime: Int64, wallMilliseconds: Int64, continuity: ContiguousArray<PIDContinuity>, listedSegments: Int = 0
  ) {
    self.number = number
    self.epoch = epoch
    self.isRandomAccess = isRandomAccess
    self.followsDiscontinuity = followsDiscontinuity
    self.startsSegment = startsSegment
    self.startTime = startTime
    self.wallMilliseconds = wallMilliseconds
    self.continuity = continuity
    self.listedSegments = listedSegments
  }

  /// Whether a reader of the chunk `earlier`, the one before, may go on with this one: of the same owner, or a splice.
  func follows(_ earlier: ChunkHeader) -> Bool { epoch == earlier.epoch || followsDiscontinuity }
}

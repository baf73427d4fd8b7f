package import Identifiers

/// What the log says of a committed chunk: one small entry, the same on every worker (design.md §3, `stream:<id>:log`).
/// HLS playlists are made of these alone, so that all workers render the same bytes.
package struct ChunkEntry: Sendable, Equatable {
  package var number: ChunkNumber
  package var epoch: Epoch
  package var byteCount: Int
  /// Decode time of the main stream at the start, unwrapped, 90 kHz.
  package var startTime: Int64
  /// 90 kHz, ≥ 0. The durations of a segment's chunks add up to the distance of its random access points.
  package var duration: Int64
  package var isRandomAccess: Bool
  package var followsDiscontinuity: Bool
  package var startsSegment: Bool
  /// The segment that the chunk belongs to; given by the store at the commit.
  package var segment: SegmentNumber
  /// How many discontinuities the log had from its beginning up to and including this chunk; given at the commit.
  package var discontinuities: UInt64
  package var wallMilliseconds: Int64

  package init(_ header: ChunkHeader, byteCount: Int, duration: Int64, receipt: CommitReceipt) {
    number = header.number
    epoch = header.epoch
    self.byteCount = byteCount
    startTime = header.startTime
    self.duration = duration
    isRandomAccess = header.isRandomAccess
    followsDiscontinuity = header.followsDiscontinuity
    startsSegment = header.startsSegment
    segment = receipt.segment
    discontinuities = receipt.discontinuities
    wallMilliseconds = header.wallMilliseconds
  }
}

/// What the store adds to a chunk when it takes it.
package struct CommitReceipt: Sendable, Equatable {
  package var segment: SegmentNumber
  package var discontinuities: UInt64
  /// EXT-X-TARGETDURATION in whole seconds: the first that was offered stays for ever; nil before.
  package var targetDuration: Int?

  package init(segment: SegmentNumber, discontinuities: UInt64, targetDuration: Int?) {
    self.segment = segment
    self.discontinuities = discontinuities
    self.targetDuration = targetDuration
  }
}

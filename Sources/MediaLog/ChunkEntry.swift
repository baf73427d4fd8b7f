package import Identifiers

/// What the log says of a committed chunk: one small entry, the same on every worker (design.md §3, `stream:<id>:log`).
/// HLS playlists are made of these alone, so that all workers render the same bytes.
package struct ChunkEntry: Sendable, Equatable {
  package var header: ChunkHeader
  package var byteCount: Int
  /// 90 kHz, ≥ 0. The durations of a segment's chunks add up to the distance of its random access points.
  package var duration: Int64
  /// Given by the store at the commit.
  package var receipt: CommitReceipt

  package init(_ header: ChunkHeader, byteCount: Int, duration: Int64, receipt: CommitReceipt) {
    self.header = header
    self.byteCount = byteCount
    self.duration = duration
    self.receipt = receipt
  }

  package var number: ChunkNumber { header.number }
  package var epoch: Epoch { header.epoch }
}

/// What the store adds to a chunk when it takes it.
package struct CommitReceipt: Sendable, Equatable {
  /// The segment that the chunk belongs to.
  package var segment: SegmentNumber
  /// How many discontinuities the log had from its beginning up to and including this chunk.
  package var discontinuities: UInt64
  /// EXT-X-TARGETDURATION in whole seconds: the first that was offered stays for ever; nil before.
  package var targetDuration: Int?
  /// In the answer to a commit: the next segment is to have a greater number. Nil: it has one anyway.
  package var floor: SegmentNumber?

  package init(segment: SegmentNumber, discontinuities: UInt64, targetDuration: Int?) {
    self.segment = segment
    self.discontinuities = discontinuities
    self.targetDuration = targetDuration
  }

  /// As the log's entry has it.
  var inLog: CommitReceipt {
    CommitReceipt(segment: segment, discontinuities: discontinuities, targetDuration: targetDuration)
  }
}

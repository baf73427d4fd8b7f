internal import Identifiers

/// How the store numbers segments and counts discontinuities: the rule of the commit script.
package enum CommitRule {
  /// The receipt of a chunk that follows one with the receipt `last`; nil for the first chunk of a log.
  package static func receipt(after last: CommitReceipt?, for sealed: SealedChunk) -> CommitReceipt {
    let header = sealed.chunk.header
    guard let last else {
      return CommitReceipt(segment: SegmentNumber(0), discontinuities: 0, targetDuration: sealed.targetDuration)
    }
    return CommitReceipt(
      segment: SegmentNumber(last.segment.value + sealed.skippedSegments + (header.startsSegment ? 1 : 0)),
      discontinuities: last.discontinuities + sealed.skippedDiscontinuities + (header.followsDiscontinuity ? 1 : 0),
      targetDuration: last.targetDuration ?? sealed.targetDuration)
  }

  /// How many numbers are left out before a segment that follows `last`: those that viewers have had from elsewhere, up to
  /// `listed` on this worker.
  static func skippedSegments(after last: CommitReceipt, listed: SegmentNumber?) -> UInt64 {
    let floor = max(last.floor ?? last.segment, listed ?? last.segment)
    return floor > last.segment ? floor.value - last.segment.value : 0
  }
}

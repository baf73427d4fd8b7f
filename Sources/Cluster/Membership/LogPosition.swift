package import Identifiers

/// Where the log of a stream goes on: the chunk and the segment that come next, or came last.
package struct LogPosition: Hashable, Sendable {
  package var chunk: ChunkNumber
  package var segment: SegmentNumber

  package init(chunk: ChunkNumber, segment: SegmentNumber) {
    self.chunk = chunk
    self.segment = segment
  }

  /// The least position that a new owner may begin with. `seen`: what it has read of the stream, as a follower; more
  /// than the claim named where the store has lost data.
  package static func next(after claim: Claim, seen: LogPosition?) -> LogPosition {
    LogPosition(
      chunk: max(claim.nextChunk, seen?.chunk.next ?? claim.nextChunk),
      segment: max(claim.nextSegment, seen?.segment.next ?? claim.nextSegment))
  }
}

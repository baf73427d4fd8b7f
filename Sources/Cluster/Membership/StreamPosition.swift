package import Identifiers

/// A chunk of a stream and the segment that it belongs to.
package struct StreamPosition: Hashable, Sendable {
  package var chunk: ChunkNumber
  package var segment: SegmentNumber

  package init(chunk: ChunkNumber, segment: SegmentNumber) {
    self.chunk = chunk
    self.segment = segment
  }

  /// Where a new owner begins. `self`: what its claim named; `seen`: what it has read last of the stream, as a follower,
  /// and that is more where the store has lost data.
  package func goingOn(after seen: StreamPosition?) -> StreamPosition {
    guard let seen else { return self }
    return StreamPosition(chunk: max(chunk, seen.chunk.next), segment: max(segment, seen.segment.next))
  }
}

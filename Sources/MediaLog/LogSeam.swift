internal import Identifiers
package import TransportStream

/// What a writer has to know of a log that it is to go on with in the middle of a segment, as if it had written it itself.
struct LogSeam {
  /// The packets of the last chunk that begins with a random access point.
  let point: [UInt8]
  /// From the beginning of the last segment to its last random access point, and to the end of the log: 90 kHz.
  let lastPoint: Int64
  let span: Int64
  /// Wall clock of the segment's first byte, ms since 1970.
  let wallMilliseconds: Int64

  /// Nil: the window does not reach up to the chunk before `next`, or not back to where the last segment began.
  init?(_ window: LogWindow, next: ChunkNumber) {
    guard let last = window.last, last.isSealed, last.chunk.number.next == next,
      let segment = window.items.lastIndex(where: \.chunk.header.startsSegment),
      let point = window.items.lastIndex(where: { $0.chunk.header.isRandomAccess && $0.byteCount > 0 })
    else { return nil }
    let items = window.items
    self.point = Array(UnsafeRawBufferPointer(start: items[point].chunk.bytes, count: items[point].byteCount))
    lastPoint = point > segment ? items[segment..<point].reduce(0) { $0 + $1.duration } : 0
    span = items[segment...].reduce(0) { $0 + $1.duration }
    wallMilliseconds = items[segment].chunk.header.wallMilliseconds
  }
}

extension LogWindow {
  /// The end of the log, so that it can be found in what its source has sent; nil where it is not distinct.
  package var trace: PacketTrace? {
    var tail = PacketTrace()
    for item in items.suffix(32).reversed() {
      var trace = PacketTrace()
      trace.append(UnsafeRawBufferPointer(start: item.chunk.bytes, count: item.byteCount))
      trace.append(tail)
      tail = trace
      if tail.isDistinct { return tail }
    }
    return nil
  }
}

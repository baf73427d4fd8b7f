package import FrameEncoding
package import Identifiers

/// A segment of a device's recording: an entry of `frames:log`. Once committed it never changes.
package struct RecordedSegment: Sendable, Equatable {
  /// Of the file; has gaps, never goes back.
  package var number: UInt64
  /// Nil: imported, from a recording that had none.
  package var session: SessionID?
  package var epoch: Epoch
  /// Of HLS: each the last one's plus 1.
  package var mediaSequence: UInt64
  package var discontinuitySequence: UInt64
  /// 1/90,000 s
  package var pts: Int64
  /// 1/90,000 s
  package var duration: Int64
  /// Capture times of its first and its last frame.
  package var captureStart: FrameTime
  package var captureEnd: FrameTime
  /// By Redis' clock; what retention counts from.
  package var recorded: FrameTime
  package var bytes: Int
  package var frames: Int
  package var size: PictureSize

  package init(
    number: UInt64, session: SessionID?, epoch: Epoch, mediaSequence: UInt64, discontinuitySequence: UInt64, pts: Int64,
    duration: Int64, captureStart: FrameTime, captureEnd: FrameTime, recorded: FrameTime, bytes: Int, frames: Int,
    size: PictureSize
  ) {
    (self.number, self.session, self.epoch) = (number, session, epoch)
    (self.mediaSequence, self.discontinuitySequence) = (mediaSequence, discontinuitySequence)
    (self.pts, self.duration, self.captureStart, self.captureEnd) = (pts, duration, captureStart, captureEnd)
    (self.recorded, self.bytes, self.frames, self.size) = (recorded, bytes, frames, size)
  }
}

/// Names of segment files: `seg_%06d.ts`, with more digits above 999999.
package enum SegmentName {
  private static let prefix = Array("seg_".utf8)
  private static let suffix = Array(".ts".utf8)

  package static func text(_ number: UInt64) -> String {
    var text: [UInt8] = []
    write(number, to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  static func write(_ number: UInt64, to text: inout [UInt8]) {
    text += prefix
    text.append(Int(clamping: number), digits: 6)
    text += suffix
  }

  /// Nil unless `name` is exactly what `text` makes of a number.
  package static func number(of name: some Sequence<UInt8>) -> UInt64? {
    let name = Array(name)
    guard name.starts(with: prefix), name.count >= prefix.count + 6 + suffix.count,
      name.suffix(suffix.count).elementsEqual(suffix)
    else { return nil }
    let digits = name[prefix.count..<(name.count - suffix.count)]
    guard digits.allSatisfy({ (0x30...0x39).contains($0) }), digits.count == 6 || digits.first != 0x30,
      let number = UInt64(String(decoding: digits, as: UTF8.self)), number <= Int.max
    else { return nil }
    return number
  }

  package static func number(of name: String) -> UInt64? { number(of: name.utf8) }
}

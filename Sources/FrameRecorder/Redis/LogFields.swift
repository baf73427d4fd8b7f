internal import FrameEncoding
internal import Identifiers
internal import Redis

/// An entry of a device's log as a segment, and back.
enum LogFields {
  /// Of what was found on the disk, as `seed` takes it.
  static func imported(_ segment: RecordedSegment) -> [String] {
    [
      String(segment.number), segment.session?.text ?? "", String(segment.mediaSequence),
      String(segment.discontinuitySequence), String(segment.pts), String(segment.duration),
      String(segment.captureStart.milliseconds), String(segment.captureEnd.milliseconds),
      String(segment.recorded.milliseconds), String(segment.bytes), String(segment.frames), segment.size.description,
    ]
  }

  /// Nil: it is not as a commit writes it.
  static func segment(_ entry: RedisValue) -> RecordedSegment? {
    guard let parts = entry.elements, parts.count == 2, let id = parts[0].text.flatMap({ EntryID($0) }),
      id.sequence == 1, let pairs = parts[1].pairs
    else { return nil }
    let fields = Dictionary(pairs) { first, _ in first }
    func number<Number: FixedWidthInteger>(_ name: String) -> Number? { fields[name].flatMap { Number($0) } }
    func time(_ name: String) -> FrameTime? { number(name).map { FrameTime(milliseconds: $0) } }
    guard let epoch: UInt64 = number("epoch"), let sequence: UInt64 = number("msn"),
      let discontinuity: UInt64 = number("dsn"), let pts: Int64 = number("pts"), let duration: Int64 = number("dur"),
      let start = time("cap"), let end = time("cap_end"), let wall = time("wall"), let bytes: Int = number("bytes"),
      let frames: Int = number("frames"), let size = fields["size"].flatMap({ PictureSize($0) })
    else { return nil }
    return RecordedSegment(
      number: id.milliseconds, session: fields["session"].flatMap { SessionID($0) }, epoch: Epoch(epoch),
      mediaSequence: sequence, discontinuitySequence: discontinuity, pts: pts, duration: duration, captureStart: start,
      captureEnd: end, recorded: wall, bytes: bytes, frames: frames, size: size)
  }

  /// Bytes of all segments up to an entry's.
  static func total(_ entry: RedisValue) -> Int64? {
    guard let parts = entry.elements, parts.count == 2, let pairs = parts[1].pairs else { return nil }
    return pairs.first { $0.0 == "total" }.flatMap { Int64($0.1) }
  }
}

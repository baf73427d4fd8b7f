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
      id.sequence == 1, let values = parts[1].elements, values.count.isMultiple(of: 2)
    else { return nil }
    var found = Found()
    for at in stride(from: 0, to: values.count, by: 2) {
      if let name = values[at].text, let value = values[at + 1].text { found.take(name, value) }
    }
    return found.segment(id.milliseconds)
  }

  /// What an entry has, in one pass: an index of a day has thousands.
  private struct Found {
    private var session: SessionID?
    private var epoch, msn, dsn: UInt64?
    private var pts, duration, start, end, wall: Int64?
    private var bytes, frames: Int?
    private var size: PictureSize?

    mutating func take(_ name: String, _ value: String) {
      switch name {
      case "session": session = SessionID(value)
      case "epoch": epoch = UInt64(value)
      case "msn": msn = UInt64(value)
      case "dsn": dsn = UInt64(value)
      case "pts": pts = Int64(value)
      case "dur": duration = Int64(value)
      case "cap": start = Int64(value)
      case "cap_end": end = Int64(value)
      case "wall": wall = Int64(value)
      case "bytes": bytes = Int(value)
      case "frames": frames = Int(value)
      case "size": size = PictureSize(value)
      default: break
      }
    }

    func segment(_ number: UInt64) -> RecordedSegment? {
      guard let epoch, let msn, let dsn, let pts, let duration, let start, let end, let wall, let bytes, let frames,
        let size
      else { return nil }
      return RecordedSegment(
        number: number, session: session, epoch: Epoch(epoch), mediaSequence: msn, discontinuitySequence: dsn, pts: pts,
        duration: duration, captureStart: FrameTime(milliseconds: start), captureEnd: FrameTime(milliseconds: end),
        recorded: FrameTime(milliseconds: wall), bytes: bytes, frames: frames, size: size)
    }
  }

  /// Bytes of all segments up to an entry's.
  static func total(_ entry: RedisValue) -> Int64? {
    guard let parts = entry.elements, parts.count == 2, let pairs = parts[1].pairs else { return nil }
    return pairs.first { $0.0 == "total" }.flatMap { Int64($0.1) }
  }
}

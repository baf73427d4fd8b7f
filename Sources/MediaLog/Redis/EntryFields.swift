internal import Identifiers
internal import Redis
internal import TransportStream

/// An entry of a log's Redis stream.
struct LogItem: Sendable {
  enum Content: Sendable {
    case chunk(ChunkEntry)
    case end(LogEnd)
    /// Nothing that a worker writes.
    case unreadable
  }

  let cursor: LogCursor
  let content: Content

  /// Of the reply of XRANGE, and of each stream of XREAD's. What is not even an entry is left out.
  static func items(_ reply: RedisValue?) -> [LogItem] {
    (reply?.elements ?? []).compactMap { entry in
      guard let parts = entry.elements, parts.count == 2, let cursor = parts[0].text.flatMap(LogCursor.init) else {
        return nil
      }
      return LogItem(cursor: cursor, content: EntryFields.decode(cursor, parts[1]))
    }
  }
}

/// A chunk's entry as fields, and back. What comes back is checked so far that nothing in it can trap.
enum EntryFields {
  /// What Lua counts exactly.
  static let largest: Int64 = 1 << 53

  /// The commit script's arguments 1 to 15.
  static func arguments(_ sealed: SealedChunk) -> [RedisArgument] {
    let header = sealed.chunk.header
    let texts = [
      header.epoch.description, header.number.description, String(sealed.byteCount), String(header.startTime),
      String(sealed.duration), flag(header.isRandomAccess), flag(header.startsSegment),
      flag(header.followsDiscontinuity), String(header.wallMilliseconds), String(header.listedSegments),
      text(header.continuity), sealed.targetDuration.map { String($0) } ?? "",
      String(header.startTime + sealed.duration), String(sealed.skippedSegments),
      String(sealed.skippedDiscontinuities),
    ]
    return texts.map { .text($0) }
  }

  static func decode(_ cursor: LogCursor, _ value: RedisValue) -> LogItem.Content {
    guard let pairs = value.pairs else { return .unreadable }
    let fields = Dictionary(pairs) { first, _ in first }
    if let end = fields["end"] { return LogEnd(text: end).map { .end($0) } ?? .unreadable }
    return entry(cursor, fields).map { .chunk($0) } ?? .unreadable
  }

  private static func entry(_ cursor: LogCursor, _ fields: [String: String]) -> ChunkEntry? {
    func number(_ name: String, _ range: ClosedRange<Int64> = 0...largest) -> Int64? {
      fields[name].flatMap { Int64($0) }.flatMap { range.contains($0) ? $0 : nil }
    }
    guard cursor.sequence == 0, let n = number("n", 1...largest), UInt64(n) == cursor.number,
      let epoch = number("epoch"), let bytes = number("bytes", 188...Int64(Chunk.capacity)), bytes % 188 == 0,
      let start = number("pts", -largest...largest), let duration = number("duration"),
      let isRandomAccess = number("keyframe", 0...1), let startsSegment = number("starts", 0...1),
      let isSplice = number("discontinuity", 0...1), let wall = number("wall_ms", 0...253_402_300_799_999),
      let listed = number("listed", 0...1_000_000), let continuity = continuity(fields["continuity"]),
      let segment = number("segment"), let discontinuities = number("discontinuities"), let target = fields["target"],
      target.isEmpty || number("target", 1...86_400) != nil
    else { return nil }
    let header = ChunkHeader(
      number: ChunkNumber(cursor.number), epoch: Epoch(UInt64(epoch)), isRandomAccess: isRandomAccess == 1,
      followsDiscontinuity: isSplice == 1, startsSegment: startsSegment == 1, startTime: start, wallMilliseconds: wall,
      continuity: continuity, listedSegments: Int(listed))
    let receipt = CommitReceipt(
      segment: SegmentNumber(UInt64(segment)), discontinuities: UInt64(discontinuities), targetDuration: Int(target))
    return ChunkEntry(header, byteCount: Int(bytes), duration: duration, receipt: receipt)
  }

  private static func flag(_ value: Bool) -> String { value ? "1" : "0" }

  /// `256:5 257:12`: PID and counter.
  private static func text(_ continuity: ContiguousArray<PIDContinuity>) -> String {
    continuity.map { "\($0.pid):\($0.counter)" }.joined(separator: " ")
  }

  private static func continuity(_ text: String?) -> ContiguousArray<PIDContinuity>? {
    guard let text else { return nil }
    var result: ContiguousArray<PIDContinuity> = []
    for part in text.split(separator: " ") {
      let pair = part.split(separator: ":", omittingEmptySubsequences: false)
      guard pair.count == 2, let pid = UInt16(pair[0]), let counter = UInt8(pair[1]), pid < 0x1FFF, counter < 16,
        result.count < 0x1FFF
      else { return nil }
      result.append(PIDContinuity(pid: pid, counter: counter))
    }
    return result
  }
}

extension LogEnd {
  var text: String {
    switch self {
    case .ended: "ended"
    case .stopped: "stopped"
    case .failed: "failed"
    }
  }

  init?(text: String) {
    switch text {
    case "ended": self = .ended
    case "stopped": self = .stopped
    case "failed": self = .failed
    default: return nil
    }
  }
}

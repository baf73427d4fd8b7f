internal import TransportStream

/// What a source has sent before somebody takes it: whole packets, and where in them a log can begin or go on.
struct KeptMedia: ~Copyable {
  /// Bytes that are kept at most without a random access point; with some, what lies before the last two goes first.
  private let limit: Int
  private var normalizer = StreamNormalizer()
  private var trace = PacketTrace()
  private var bytes: [UInt8] = []
  /// Where in `bytes` the runs begin that brought random access points.
  private var points: [Int] = []
  private var pinned: Int?

  init(limit: Int = 32 << 20) { self.limit = limit }

  var hasPoint: Bool { !points.isEmpty }

  /// Takes whole packets, which may be changed then. False: they are too many.
  mutating func keep(_ packets: UnsafeMutableRawBufferPointer) -> Bool {
    let runStart = bytes.count
    bytes.append(contentsOf: packets)
    trace.append(UnsafeRawBufferPointer(packets))
    var hasPoint = false
    normalizer.push(packets) { event in
      if case .mark(let mark) = event, mark.hasTables { hasPoint = true }
    }
    if hasPoint { points.append(runStart) }
    if bytes.count > limit { drop(before: start) }
    return bytes.count <= limit
  }

  /// Where a log goes on whose end is `tail`; nil: its end is not in it. Not before the tables are known.
  func end(of tail: PacketTrace) -> Int? {
    let tables = normalizer.tablePIDs
    guard !normalizer.programs.isEmpty else { return nil }
    return trace.end(of: tail, except: tables).map { $0 * PacketView.size }
  }

  /// Where a log begins anew: the tables before a point may have come a run earlier, so that this is the point before the last.
  var start: Int { pinned ?? (points.count > 2 ? points[points.count - 2] : 0) }

  /// The log ends now: `start` stays where it is.
  mutating func pin() { pinned = start }

  private mutating func drop(before offset: Int) {
    bytes.removeFirst(offset)
    trace.removeFirst(offset / PacketView.size)
    pinned = pinned.map { max(0, $0 - offset) }
    points = points.compactMap { $0 < offset ? nil : $0 - offset }
  }

  /// All from an offset on.
  func bytes(from offset: Int) -> [UInt8] { Array(bytes[offset...]) }
}

package import JSONCoding

/// `archive.json`: what is known of an archive. It is the truth; Redis is entered again from it.
package struct ArchiveRecord: Sendable, Equatable {
  package var session: SessionID
  /// Raw ids, and the client whose folder it lies in.
  package var client: String
  package var device: String
  package var owner: String
  package var status: SessionState
  /// Capture times of the first and the last frame.
  package var started: FrameTime
  package var ended: FrameTime
  /// Of all segments that are there, 1/90,000 s.
  package var playable: Int64
  package var first: UInt64?
  package var last: UInt64?
  package var segments: Int
  package var frames: Int
  package var bytes: Int64
  /// Below the base.
  package var path: String
  /// Numbers of segments that could not be had.
  package var missing: [UInt64]
  package var created: FrameTime
  package var expires: FrameTime

  /// `archive-repair` has made it of an archive of the reference, whose frames nobody has counted.
  var isAdopted: Bool { segments > 0 && frames == 0 }

  package static let version: Int64 = 1
  package static let mostBytes = 4 << 20

  /// Of the segments that an archive has.
  package mutating func describe(_ segments: [RecordedSegment]) {
    (first, last) = (segments.first?.number, segments.last?.number)
    self.segments = segments.count
    frames = segments.reduce(0) { $0 + $1.frames }
    bytes = segments.reduce(0) { $0 + Int64($1.bytes) }
    playable = segments.reduce(0) { $0 + $1.duration }
    started = segments.map(\.captureStart).min() ?? started
    ended = segments.map(\.captureEnd).max() ?? ended
  }

  package var bytesOfJSON: [UInt8] { Array((json.text + "\n").utf8) }

  package var json: JSON {
    .object([
      ("version", .integer(Self.version)), ("session_id", .string(session.text)), ("client_id", .string(client)),
      ("device_id", .string(device)), ("owner_client_id", .string(owner)), ("status", .string(status.rawValue)),
      ("started_at", .string(started.description)), ("ended_at", .string(ended.description)),
      ("duration_seconds", .number(Double(max(0, ended.milliseconds(since: started))) / 1_000)),
      ("playable_seconds", .number(Double(DevicePlaylist.milliseconds(playable)) / 1_000)),
      ("first_segment_number", first.map { .unsigned($0) } ?? .null),
      ("last_segment_number", last.map { .unsigned($0) } ?? .null), ("segment_count", .integer(segments)),
      ("frame_count", .integer(frames)), ("bytes", .integer(bytes)), ("archive_path", .string(path)),
      ("missing", .array(missing.map { .unsigned($0) })), ("created_at", .string(created.description)),
      ("expires_at", .string(expires.description)),
    ])
  }

  package init(
    session: SessionID, client: String, device: String, owner: String, path: String, started: FrameTime,
    ended: FrameTime, created: FrameTime, expires: FrameTime, missing: [UInt64] = []
  ) {
    (self.session, self.client, self.device, self.owner) = (session, client, device, owner)
    (self.path, self.started, self.ended) = (path, started, ended)
    (self.created, self.expires, self.missing) = (created, expires, missing)
    (status, playable, segments, frames, bytes) = (.ready, 0, 0, 0, 0)
  }

  /// Nil unless it is as `json` writes it.
  package init?(_ bytes: [UInt8]) {
    guard bytes.count <= Self.mostBytes, let parsed = try? JSONParser.parse(bytes), case .object(let members) = parsed
    else { return nil }
    let fields = Dictionary(members) { first, _ in first }
    func text(_ name: String) -> String? { if case .string(let text)? = fields[name] { text } else { nil } }
    func time(_ name: String) -> FrameTime? { text(name).flatMap { ParsedTime($0)?.time } }
    func number(_ name: String) -> Int64? { fields[name].flatMap { Self.number($0) } }
    guard number("version") == Self.version, let session = text("session_id").flatMap({ SessionID($0) }),
      let client = text("client_id"), let device = text("device_id"), let started = time("started_at"),
      let ended = time("ended_at"), let expires = time("expires_at")
    else { return nil }
    self.init(
      session: session, client: client, device: device, owner: text("owner_client_id") ?? client,
      path: text("archive_path") ?? "", started: started, ended: ended, created: time("created_at") ?? ended,
      expires: expires)
    status = text("status").flatMap { SessionState(rawValue: $0) } ?? .ready
    (first, last) = (
      number("first_segment_number").map { UInt64($0) }, number("last_segment_number").map { UInt64($0) }
    )
    (segments, frames) = (Int(number("segment_count") ?? 0), Int(number("frame_count") ?? 0))
    self.bytes = number("bytes") ?? 0
    if case .number(let seconds)? = fields["playable_seconds"], (0...1e7).contains(seconds) {
      playable = Int64((seconds * 90_000).rounded())
    }
    if case .array(let values)? = fields["missing"] {
      missing = values.compactMap { Self.number($0).map { UInt64($0) } }
    }
  }

  /// Whole and not negative.
  private static func number(_ value: JSON) -> Int64? {
    switch value {
    case .integer(let number): number >= 0 ? number : nil
    case .number(let number): number >= 0 && number < 1e15 && number == number.rounded() ? Int64(number) : nil
    default: nil
    }
  }

  /// A session's record made of it: what Redis has lost.
  func sessionFields(_ pair: DevicePair) -> [String] {
    [
      "client", client, "device", device, "pair", pair.description, "tries", "0", "started_ms",
      String(started.milliseconds), "last_ms", String(ended.milliseconds), "captured_first",
      String(started.milliseconds), "captured_last", String(ended.milliseconds), "first", String(first ?? 0), "last",
      String(last ?? 0), "segments", String(segments), "frames", String(frames), "bytes", String(bytes), "media",
      String(playable),
    ]
  }
}

internal import FrameEncoding
internal import JSONCoding

/// An archive that was not made here, as its folder shows it.
struct ForeignArchive: Sendable {
  let member: ArchiveMember
  /// Those with media, by number.
  var segments: [RecordedSegment] = []
  /// Without any.
  var missing: [UInt64] = []
  /// Of its old `archive.json`, where there is one.
  private var texts: [String: String] = [:]

  private static let mostDrift: Int64 = 90_000
  private static let mostPlaylistBytes: Int64 = 16 << 20

  /// Durations are those of the segments' own times. Capture times are those of the old playlist, else of the files.
  static func look(
    at member: ArchiveMember, in storage: any StorageAdapter, frameTime: Int64
  ) throws(StorageError) -> ForeignArchive {
    var archive = ForeignArchive(member: member)
    let (device, session) = (member.device, member.session)
    var files: [UInt64: StorageEntry] = [:]
    try storage.list(.archiveSegments(device, session)) { entry in
      if entry.kind == .file, let number = SegmentName.number(of: entry.name) { files[number] = entry }
      return true
    }
    let dates = try archive.dates(in: storage)
    archive.texts = try archive.oldRecord(in: storage)
    for (number, file) in files.sorted(by: { $0.key < $1.key }) {
      let path = StoragePath.archiveSegment(device, session, number)
      if let span = try SegmentSpan.read(path, size: file.size, in: storage, frameTime: frameTime) {
        archive.add(number, file, span, dates[number])
      } else {
        archive.missing.append(number)
      }
    }
    return archive
  }

  private mutating func add(_ number: UInt64, _ file: StorageEntry, _ span: SegmentSpan, _ date: FrameTime?) {
    let last = segments.last
    let goesOn = last.map { abs(span.pts - $0.pts - $0.duration) <= Self.mostDrift } ?? true
    let length = DevicePlaylist.milliseconds(span.duration)
    let start = date ?? file.modified.advanced(byMilliseconds: -length)
    segments.append(
      RecordedSegment(
        number: number, session: member.session, epoch: .none, mediaSequence: number,
        discontinuitySequence: (last?.discontinuitySequence ?? 0) + (goesOn ? 0 : 1), pts: span.pts,
        duration: span.duration, captureStart: start, captureEnd: start.advanced(byMilliseconds: length),
        recorded: file.modified, bytes: Int(clamping: file.size), frames: 0, size: PictureSize(width: 0, height: 0)))
  }

  var playlist: [UInt8] { DevicePlaylist.render(segments, .archive, target: 0) }

  /// By the number of the segment whose line follows.
  private func dates(in storage: any StorageAdapter) throws(StorageError) -> [UInt64: FrameTime] {
    let path = StoragePath.archivePlaylist(member.device, member.session)
    guard let entry = try storage.look(path), entry.kind == .file, entry.size <= Self.mostPlaylistBytes else {
      return [:]
    }
    let tag = "#EXT-X-PROGRAM-DATE-TIME:"
    var (found, date) = ([UInt64: FrameTime](), nil as FrameTime?)
    for line in String(decoding: try storage.read(path, nil), as: UTF8.self).split(whereSeparator: \.isNewline) {
      if line.hasPrefix(tag) { date = ParsedTime(String(line.dropFirst(tag.count)))?.time }
      guard !line.hasPrefix("#"), let name = line.split(separator: "/").last else { continue }
      if let number = SegmentName.number(of: name.utf8) { found[number] = date }
      date = nil
    }
    return found
  }

  private func oldRecord(in storage: any StorageAdapter) throws(StorageError) -> [String: String] {
    let path = StoragePath.archiveRecord(member.device, member.session)
    guard let entry = try storage.look(path), entry.kind == .file, entry.size <= Int64(ArchiveRecord.mostBytes),
      case .object(let members)? = try? JSONParser.parse(try storage.read(path, nil))
    else { return [:] }
    var texts: [String: String] = [:]
    for case (let name, .string(let text)) in members { texts[name] = text }
    return texts
  }

  /// `retention`: how long it stays from now, where it has no date of its own, ms.
  func record(now: FrameTime, retention: Int64) -> ArchiveRecord {
    let device = member.device
    func time(_ name: String) -> FrameTime? { texts[name].flatMap { ParsedTime($0)?.time } }
    let expires = [time("expires_at") ?? now, now.advanced(byMilliseconds: retention)].max() ?? now
    var record = ArchiveRecord(
      session: member.session, client: texts["client_id"] ?? device.client.text,
      device: texts["device_id"] ?? device.device.text, owner: device.client.text,
      path: StoragePath.archive(device, member.session).text, started: now, ended: now,
      created: time("created_at") ?? now, expires: expires, missing: missing)
    record.describe(segments)
    return record
  }
}

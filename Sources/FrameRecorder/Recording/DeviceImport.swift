internal import FrameEncoding
internal import Identifiers

/// What the disk has of a device that has no index in Redis.
package struct DeviceImport: Sendable, Equatable {
  package var segments: [RecordedSegment] = []
  /// The largest number of a file, listed or not; nil: there is none.
  package var largest: UInt64?
  /// EXT-X-TARGETDURATION that holds for all of them, s; nil: there are none.
  package var target: Int?

  /// A difference of PTS from the end of the segment before beyond which another run begins, 1/90,000 s.
  private static let mostDrift: Int64 = 90_000

  /// Our own playlist says what was listed. Without it all files are that have media, in the order of their numbers. A base
  /// without `client_ids` is an unmounted one: nothing follows from it.
  /// - Parameters:
  ///   - captures: capture times by number, as far as they are known; else the file's time counts.
  ///   - frameTime: of a frame that is alone in its segment, 1/90,000 s.
  ///   - target: EXT-X-TARGETDURATION of what is recorded from now on, s.
  package static func look(
    at device: DevicePair, in storage: any StorageAdapter, captures: [UInt64: FrameTime] = [:],
    frameTime: Int64 = 90_000, target: Int = 1
  ) throws(StorageError) -> DeviceImport {
    guard try storage.look(.clients)?.kind == .folder else {
      throw .noClients("look at")
    }
    var files: [UInt64: StorageEntry] = [:]
    try storage.list(StoragePath.segments(device)) { entry in
      if entry.kind == .file, let number = SegmentName.number(of: entry.name) { files[number] = entry }
      return true
    }
    var found = DeviceImport()
    found.largest = files.keys.max()
    let playlist = try playlist(device, storage)
    if let playlist {
      found.segments = playlist.segments.compactMap { segment in
        files[segment.number].flatMap { $0.size > 0 ? recorded(segment, $0) : nil }
      }
    } else {
      for (number, file) in files.sorted(by: { $0.key < $1.key }) {
        let path = StoragePath.segment(device, number)
        guard let span = try SegmentSpan.read(path, size: file.size, in: storage, frameTime: frameTime) else {
          continue
        }
        found.add(number, file, span, captured: captures[number])
      }
    }
    if !found.segments.isEmpty {
      found.target = max(playlist?.target ?? 0, DevicePlaylist.longestSeconds(found.segments), target)
    }
    return found
  }

  private static func playlist(
    _ device: DevicePair, _ storage: any StorageAdapter
  ) throws(StorageError) -> ImportedPlaylist? {
    let path = StoragePath.playlist(device)
    guard let entry = try storage.look(path), entry.kind == .file, entry.size <= Int64(ImportedPlaylist.mostBytes)
    else {
      return nil
    }
    return ImportedPlaylist.parse(try storage.read(path, nil))
  }

  private static func recorded(_ segment: ImportedPlaylist.Segment, _ file: StorageEntry) -> RecordedSegment {
    RecordedSegment(
      number: segment.number, session: segment.session, epoch: .none, mediaSequence: segment.mediaSequence,
      discontinuitySequence: segment.discontinuitySequence, pts: 0, duration: segment.duration,
      captureStart: segment.captureStart,
      captureEnd: segment.captureStart.advanced(byMilliseconds: segment.duration / 90), recorded: file.modified,
      bytes: Int(clamping: file.size), frames: 0, size: PictureSize(width: 0, height: 0))
  }

  /// Media sequence numbers count on from the first file's number; another run begins where PTS do not go on.
  private mutating func add(_ number: UInt64, _ file: StorageEntry, _ span: SegmentSpan, captured: FrameTime?) {
    let last = segments.last
    let goesOn = last.map { abs(span.pts - $0.pts - $0.duration) <= Self.mostDrift } ?? true
    let length = DevicePlaylist.milliseconds(span.duration)
    let start = captured ?? file.modified.advanced(byMilliseconds: -length)
    segments.append(
      RecordedSegment(
        number: number, session: nil, epoch: .none, mediaSequence: last.map { $0.mediaSequence + 1 } ?? number,
        discontinuitySequence: (last?.discontinuitySequence ?? 0) + (goesOn ? 0 : 1), pts: span.pts,
        duration: span.duration, captureStart: start, captureEnd: start.advanced(byMilliseconds: length),
        recorded: file.modified, bytes: Int(clamping: file.size), frames: 0, size: PictureSize(width: 0, height: 0)))
  }
}

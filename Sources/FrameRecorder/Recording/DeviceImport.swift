internal import Identifiers

/// What the disk has of a device that has no index in Redis.
package struct DeviceImport: Sendable, Equatable {
  package var segments: [RecordedSegment] = []
  /// The largest number of a file, listed or not; nil: there is none.
  package var largest: UInt64?
  /// EXT-X-TARGETDURATION of the playlist, s.
  package var target: Int?

  /// Files are listed if our own playlist lists them; others only keep their numbers. A base without `client_ids` is an
  /// unmounted one: nothing follows from it.
  package static func look(
    at device: DevicePair, in storage: any StorageAdapter
  ) throws(StorageError) -> DeviceImport {
    guard try storage.look(.clients)?.kind == .folder else {
      throw StorageError(
        code: .failed, operation: "look at", path: StoragePath.clients.text,
        reason: "there is no such folder; is the storage mounted?")
    }
    var files: [UInt64: StorageEntry] = [:]
    try storage.list(StoragePath.segments(device)) { entry in
      if entry.kind == .file, let number = SegmentName.number(of: entry.name) { files[number] = entry }
      return true
    }
    var found = DeviceImport()
    found.largest = files.keys.max()
    guard let playlist = try playlist(device, storage) else { return found }
    found.target = playlist.target
    found.segments = playlist.segments.compactMap { segment in
      files[segment.number].flatMap { $0.size > 0 ? recorded(segment, $0) : nil }
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
}

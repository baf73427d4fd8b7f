/// What a device's folder holds that may have to go.
struct DeviceLook: Sendable {
  struct File: Sendable {
    let path: StoragePath
    let modified: FrameTime
    let size: Int64
  }

  /// Unfinished files that nobody is at.
  var left: [File] = []
  /// Segments that are old enough to be orphans, by number.
  var segments: [UInt64: File] = [:]
  var hasSegments = false
  var frames: [File] = []
  var early: [File] = []
  var archives: [SessionID] = []
  var hasPlaylist = false

  /// `since`: when the device was last looked at; nil: this is the first time.
  static func take(
    _ device: DevicePair, _ record: DeviceRecord?, _ rule: SweepRule, oldestPending: FrameTime?, isLow: Bool,
    since: FrameTime?, in storage: any StorageAdapter
  ) throws(StorageError) -> DeviceLook {
    var look = DeviceLook()
    let done = record?.done.map { FrameTime($0) }
    try each(.segments(device), in: storage) { file, name in
      if StoragePath.isTemporary(name) {
        if rule.isLeft(file.modified) { look.left.append(file) }
      } else if let number = SegmentName.number(of: name) {
        look.hasSegments = true
        if rule.isOrphan(file.modified, indexed: record?.indexed) { look.segments[number] = file }
      }
    }
    try each(.media(device), in: storage) { file, name in
      if StoragePath.isTemporary(name), rule.isLeft(file.modified) { look.left.append(file) }
      if file.path == .playlist(device) { look.hasPlaylist = true }
    }
    try each(.frames(device), in: storage) { file, name in
      if StoragePath.isTemporary(name) {
        if rule.isLeft(file.modified) { look.left.append(file) }
      } else if rule.frameMayGo(file.modified, oldestPending: oldestPending) {
        look.frames.append(file)
      } else if isLow, rule.frameMayGoEarly(file.modified, done: done, oldestPending: oldestPending) {
        look.early.append(file)
      }
    }
    try storage.list(.archives(device)) { entry in
      if entry.kind == .folder, let session = SessionID(entry.name) { look.archives.append(session) }
      return true
    }
    for session in look.archives {
      for folder in [StoragePath.archive(device, session), .archiveSegments(device, session)] {
        try look.addLeft(in: folder, rule, since: since, storage)
      }
    }
    return look
  }

  /// An archive is not written any more once it is made: its folders are looked through when they have changed.
  private mutating func addLeft(
    in folder: StoragePath, _ rule: SweepRule, since: FrameTime?, _ storage: any StorageAdapter
  ) throws(StorageError) {
    guard let entry = try storage.look(folder), rule.mayHaveLeft(entry.modified, since: since) else { return }
    try Self.each(folder, in: storage) { file, name in
      if StoragePath.isTemporary(name), rule.isLeft(file.modified) { left.append(file) }
    }
  }

  /// Files only: links, and what a link leads to, are not followed.
  private static func each(
    _ folder: StoragePath, in storage: any StorageAdapter, _ visit: (File, String) -> Void
  ) throws(StorageError) {
    try storage.list(folder) { entry in
      if entry.kind == .file, let path = folder.entry(entry.name) {
        visit(File(path: path, modified: entry.modified, size: entry.size), entry.name)
      }
      return true
    }
  }
}

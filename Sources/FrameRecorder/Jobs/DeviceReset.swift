package import JSONCoding

/// Empties a device's recording: `millrace reset-device`. It is safe while the device sends, and other devices do not notice.
///
/// ```
///   frames pending now are acknowledged ─▶ index emptied ─▶ files removed ─▶ index emptied again, numbers from 0
///                                                                        ─▶ what a batch in work left behind
/// ```
package struct DeviceReset: Sendable {
  package struct Options: Hashable, Sendable {
    package var isDry = false
    /// Counter and session stay; entries of deleted files leave the index.
    package var skipsRedis = false
    /// Files stay, unlisted.
    package var skipsStorage = false

    package init(isDry: Bool = false, skipsRedis: Bool = false, skipsStorage: Bool = false) {
      (self.isDry, self.skipsRedis, self.skipsStorage) = (isDry, skipsRedis, skipsStorage)
    }
  }

  /// What a reset did, a dry one would do.
  package struct Report: Sendable, Equatable {
    package var device: DevicePair
    package var isDry: Bool
    package var listed = 0
    package var sessions = 0
    package var frames = 0
    package var segments = 0
    package var hadPlaylist = false
    package var errors: [String] = []

    package init(device: DevicePair, isDry: Bool) { (self.device, self.isDry) = (device, isDry) }

    package var json: JSON {
      .object([
        ("client_id", .string(device.client.text)), ("device_id", .string(device.device.text)),
        ("dry_run", .bool(isDry)), ("redis_segments_deleted", .integer(listed)),
        ("redis_session_deleted", .bool(sessions > 0)), ("storage_frames_deleted", .integer(frames)),
        ("storage_segments_deleted", .integer(segments)), ("storage_playlist_deleted", .bool(hadPlaylist)),
        ("errors", .array(errors.map { .string($0) })),
      ])
    }
  }

  private let store: FrameStore
  private let storage: StorageThreads
  private static let pictures = [".jpg", ".jpeg", ".png"]
  private static let part = 200

  package init(store: FrameStore, storage: StorageThreads) { (self.store, self.storage) = (store, storage) }

  /// What fails is in the report.
  nonisolated(nonsending) package func reset(_ device: DevicePair, _ options: Options) async -> Report {
    var report = Report(device: device, isDry: options.isDry)
    do {
      let device = try await storage.run(device) { adapter throws(StorageError) in try adapter.device(device) }
      if options.isDry {
        try await preview(device, options, &report)
      } else {
        try await reset(device, options, &report)
      }
    } catch {
      report.errors.append("\(error)")
    }
    return report
  }

  nonisolated(nonsending) private func preview(
    _ device: DevicePair, _ options: Options, _ report: inout Report
  ) async throws {
    if !options.skipsRedis || !options.skipsStorage {
      let found = try await store.resetPreview(device)
      report.listed = found.segments
      report.sessions = options.skipsRedis ? 0 : found.sessions
    }
    guard !options.skipsStorage else { return }
    let files = try await files(device)
    (report.frames, report.segments) = (files.frames.count, files.segments.count)
    report.hadPlaylist = files.hasPlaylist
  }

  nonisolated(nonsending) private func reset(
    _ device: DevicePair, _ options: Options, _ report: inout Report
  ) async throws {
    if options.skipsRedis, options.skipsStorage { return }
    let files = try await files(device)
    try await discardPending(device)
    let largest = options.skipsStorage ? files.segments.keys.max() : nil
    // With files in the way numbers cannot begin anew yet.
    try await empty(device, keepsSession: options.skipsRedis || !options.skipsStorage, above: largest, &report)
    guard !options.skipsStorage else { return try await removePlaylist(device, &report) }
    report.frames += try await remove(try await unused(files.frames, of: device), of: device)
    report.segments += try await remove(Array(files.segments.values), of: device)
    try await removePlaylist(device, &report)
    guard !options.skipsRedis else { return }
    try await empty(device, keepsSession: false, above: nil, &report)
    report.segments += try await removeLeft(device)
  }

  nonisolated(nonsending) private func empty(
    _ device: DevicePair, keepsSession: Bool, above: UInt64?, _ report: inout Report
  ) async throws {
    let answer = try await store.reset(device, keepsSession: keepsSession, above: above)
    report.listed += answer.segments
    report.sessions += answer.sessions
  }

  /// Those accepted up to now.
  nonisolated(nonsending) private func discardPending(_ device: DevicePair) async throws {
    let pending = try await store.pending(device, upTo: try await store.now())
    try await store.discard(pending.map(\.entry), of: device)
  }

  // MARK: Files

  private struct Files: Sendable {
    var frames: [StoragePath] = []
    var segments: [UInt64: StoragePath] = [:]
    var hasPlaylist = false
  }

  nonisolated(nonsending) private func files(_ device: DevicePair) async throws(StorageError) -> Files {
    try await storage.run(device) { adapter throws(StorageError) in
      var files = Files()
      try adapter.list(.frames(device)) { entry in
        if entry.kind == .file, Self.pictures.contains(where: { entry.name.lowercased().hasSuffix($0) }),
          let path = StoragePath.frames(device).entry(entry.name)
        {
          files.frames.append(path)
        }
        return true
      }
      try adapter.list(.segments(device)) { entry in
        if entry.kind == .file, let number = SegmentName.number(of: entry.name) {
          files.segments[number] = .segment(device, number)
        }
        return true
      }
      files.hasPlaylist = try adapter.look(.playlist(device)) != nil
      return files
    }
  }

  /// Without those that frames need which were accepted meanwhile.
  nonisolated(nonsending) private func unused(
    _ frames: [StoragePath], of device: DevicePair
  ) async throws -> [StoragePath] {
    let names = try await store.pending(device).compactMap { $0.path.split(separator: "/").last.map { String($0) } }
    let used = Set(names)
    return frames.filter { !used.contains($0.name) }
  }

  nonisolated(nonsending) private func remove(
    _ paths: [StoragePath], of device: DevicePair
  ) async throws(StorageError) -> Int {
    var removed = 0
    for start in stride(from: 0, to: paths.count, by: Self.part) {
      let part = paths[start..<min(start + Self.part, paths.count)]
      removed += try await storage.run(device) { adapter throws(StorageError) in
        var count = 0
        for path in part where try adapter.delete(path) { count += 1 }
        return count
      }
    }
    return removed
  }

  nonisolated(nonsending) private func removePlaylist(_ device: DevicePair, _ report: inout Report) async throws {
    let isGone = try await storage.run(device) { adapter throws(StorageError) in try adapter.delete(.playlist(device)) }
    if isGone { report.hadPlaylist = true }
  }

  /// What was published between the two: its numbers are above those that are given from now on.
  nonisolated(nonsending) private func removeLeft(_ device: DevicePair) async throws -> Int {
    let left = try await files(device).segments
    let last = try await store.lastNumber(device)
    return try await remove(left.filter { number, _ in last.map { number > $0 } ?? true }.map(\.value), of: device)
  }
}

/// The playlist file of a device, of the bytes that viewers are shown.
struct PlaylistFile: Sendable {
  private enum Content {
    case listed(PlaylistText)
    /// There is no segment, and no file.
    case nothing
    /// An index that Redis has lost: the file is what it is made of again.
    case lost

    var entityTag: String? { if case .listed(let text) = self { text.entityTag } else { nil } }
  }

  let playlists: DevicePlaylists
  let storage: StorageThreads
  /// `FRAMES_PLAYLIST_FILES`; false: what lists nothing any more still goes.
  var isWritten = true
  private static let mostTimes = 3

  /// Makes it what the index has now.
  nonisolated(nonsending) func write(_ device: DevicePair) async throws {
    try await write(try await content(device), device)
  }

  /// For whoever is not the device's owner: again if the index has changed meanwhile.
  nonisolated(nonsending) func writeUntilCurrent(_ device: DevicePair) async throws {
    var content = try await content(device)
    for _ in 0..<Self.mostTimes {
      let written = content.entityTag
      try await write(content, device)
      content = try await self.content(device)
      if content.entityTag == written { return }
    }
  }

  nonisolated(nonsending) private func content(_ device: DevicePair) async throws -> Content {
    do throws(DevicePlaylists.Failure) {
      return .listed(try await playlists.text(device, isForFile: true))
    } catch {
      guard try await playlists.isIndexed(device) else { return .lost }
      if case .store(let error) = error { throw error }
      return .nothing
    }
  }

  nonisolated(nonsending) private func write(_ content: Content, _ device: DevicePair) async throws(StorageError) {
    let path = StoragePath.playlist(device)
    try await storage.run(device) { [isWritten] adapter throws(StorageError) in
      switch content {
      case .listed(let text): if isWritten { try adapter.put(text.bytes, at: path, replaces: true) }
      case .nothing: try adapter.delete(path)
      case .lost: break
      }
    }
  }
}

/// Writes a device's playlist file for whoever has changed its index and is not its owner.
enum PlaylistFile {
  /// `target`: EXT-X-TARGETDURATION of a device that has none of its own. Written again if the index changed meanwhile.
  nonisolated(nonsending) static func write(_ device: DevicePair, _ services: KeepingServices) async throws {
    let (store, writesPlaylists) = (services.store, services.settings.sweep.writesPlaylists)
    var segments = try await all(device, store)
    for _ in 0..<3 {
      let record = try await store.look(at: [(device, [])])[0].get().record
      // An index that Redis has lost: the file is what it is made of again.
      guard record.indexed != nil else { return }
      let target = record.target ?? services.settings.sweep.target
      let written = segments
      try await services.storage.run(device) { adapter throws(StorageError) in
        if written.isEmpty {
          try adapter.delete(.playlist(device))
        } else if writesPlaylists {
          try adapter.put(DevicePlaylist.render(written, .live, target: target), at: .playlist(device), replaces: true)
        }
      }
      segments = try await all(device, store)
      if segments == written { return }
    }
  }

  nonisolated(nonsending) private static func all(
    _ device: DevicePair, _ store: FrameStore
  ) async throws(FrameStoreError) -> [RecordedSegment] {
    var found: [RecordedSegment] = []
    while true {
      let part = try await store.segments(device, after: found.last?.number)
      found += part
      if part.count < 10_000 { return found }
    }
  }
}

/// Clients and devices that a storage has folders for.
enum StorageWalk {
  /// Nil: there is no `client_ids`; the storage is new, or is not mounted.
  static func clients(_ storage: any StorageAdapter) throws(StorageError) -> [SafeName]? {
    guard try storage.look(.clients)?.kind == .folder else { return nil }
    return try names(in: .clients, storage)
  }

  /// Without those that are links to other devices' folders.
  static func devices(of client: SafeName, _ storage: any StorageAdapter) throws(StorageError) -> [DevicePair] {
    try names(in: .devices(of: client), storage).map { DevicePair(client: client, device: $0) }
  }

  private static func names(in folder: StoragePath, _ storage: any StorageAdapter) throws(StorageError) -> [SafeName] {
    var names: [SafeName] = []
    try storage.list(folder) { entry in
      if entry.kind == .folder, let name = SafeName(entry.name) { names.append(name) }
      return true
    }
    return names.sorted()
  }
}

package import FrameRecorder
package import HTTP

/// What the recordings' routes are served from.
package struct RecordingServices: Sendable {
  let store: FrameStore
  /// Threads that only read, so that viewers and the recorder do not wait for each other.
  let storage: StorageThreads
  let playlists: DevicePlaylists
  let shared: SharedDevices
  let access: DeviceAccess

  package init(store: FrameStore, storage: StorageThreads, playlists: DevicePlaylists, access: DeviceAccess) {
    (self.store, self.storage, self.playlists, self.access) = (store, storage, playlists, access)
    shared = SharedDevices(storage: storage)
  }

  /// `guarded`: puts a handler behind the API token.
  package func add(to router: inout Router, _ guarded: (@escaping RouteHandler) -> RouteHandler) {
    DeviceRoutes(services: self).add(to: &router, guarded)
    RecordingRoutes(services: self).add(to: &router)
    ArchiveRoutes(services: self).add(to: &router, guarded)
  }

  /// The device that a path names; 404 for what is none.
  static func device(_ parameters: PathParameters) throws(Problem) -> DevicePair {
    guard let client = parameters["client"].flatMap({ SafeName($0) }),
      let device = parameters["device"].flatMap({ SafeName($0) })
    else { throw .deviceNotFound }
    return DevicePair(client: client, device: device)
  }

  /// An object that is there to be served; nil: there is none, or nobody may see it.
  func open(_ path: StoragePath, of device: DevicePair) async throws(StorageError) -> (any StorageReader)? {
    do throws(StorageError) {
      return try await storage.run(device) { adapter throws(StorageError) in try adapter.open(path) }
    } catch {
      guard error.isNothingToServe else { throw error }
      return nil
    }
  }

  /// A media object with its conditions and ranges.
  func answer(
    _ reader: any StorageReader, _ request: HTTPRequest, of device: DevicePair, entityTag: String?, headers: HTTPHeaders
  ) throws(Problem) -> HTTPResponse {
    let representation = Representation(total: reader.size, entityTag: entityTag, headers: headers) { [storage] range in
      .pulled(ObjectPieces(reader, range, of: device, storage).body)
    }
    return try representation.response(to: request)
  }
}

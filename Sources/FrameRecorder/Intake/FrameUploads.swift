/// The frames of one request on their way to the storage, one after the other: each is written under a temporary name as
/// it comes, and none of it is held. Belongs to the one task that reads the request.
package final class FrameUploads {
  private let storage: StorageThreads
  private let settings: IntakeSettings
  /// Calls of one request run one after the other.
  private let key: String
  private var current: Current?
  package private(set) var frames: [StagedFrame] = []

  /// A frame that comes.
  private struct Current {
    let id = SessionID.random()
    let device: DevicePair?
    var header = PictureHeaderReader()
    var bytes = 0
    var upload: UploadHandle?
  }

  init(storage: StorageThreads, settings: IntakeSettings, key: String) {
    (self.storage, self.settings, self.key) = (storage, settings, key)
  }

  /// The next frame begins. `device`: where it will belong, if that is known. False: there are too many.
  package func begin(_ device: DevicePair?) -> Bool {
    guard frames.count < settings.maxFrames else { return false }
    current = Current(device: device)
    return true
  }

  /// More of the frame. False: it is too large.
  package nonisolated(nonsending) func write(_ bytes: ArraySlice<UInt8>) async throws(IntakeError) -> Bool {
    guard var frame = current else { return true }
    frame.bytes += bytes.count
    guard frame.bytes <= settings.maxFrameBytes else { return false }
    frame.header.feed(bytes)
    current = frame
    if frame.header.isHopeless {
      await abandon()
      return true
    }
    do throws(StorageError) {
      current?.upload = try await write(bytes, to: frame)
    } catch {
      throw IntakeError(error)
    }
    return true
  }

  private nonisolated(nonsending) func write(
    _ bytes: ArraySlice<UInt8>, to frame: Current
  ) async throws(StorageError) -> UploadHandle {
    let (known, device, id) = (frame.upload, frame.device, frame.id)
    return try await storage.run(key: key) { adapter throws(StorageError) in
      let handle: UploadHandle
      if let known {
        handle = known
      } else {
        handle = UploadHandle(try adapter.begin(Self.path(id, device, in: adapter)))
      }
      let written = bytes.withUnsafeBytes { raw in
        Result { () throws(StorageError) in try handle.upload.write(raw) }
      }
      try written.get()
      return handle
    }
  }

  /// Only the folder counts: the file's name is a temporary one.
  private static func path(
    _ id: SessionID, _ device: DevicePair?, in adapter: any StorageAdapter
  ) throws(StorageError) -> StoragePath {
    guard let device else { return .incoming(id) }
    return .frame(try adapter.device(device), id, .jpeg)
  }

  /// The frame is complete: it is durable, or refused.
  package nonisolated(nonsending) func end() async throws(IntakeError) {
    guard let frame = current else { return }
    if let reason = frame.header.refusal(mostPixels: settings.maxPixels) {
      await abandon()
      current = nil
      return frames.append(.refused(reason))
    }
    guard let upload = frame.upload, let format = frame.header.format else { return }
    do throws(StorageError) {
      let temporary = try await storage.run(key: key) { _ throws(StorageError) in try upload.upload.keep() }
      current = nil
      frames.append(.stored(frame.id, format, temporary: temporary))
    } catch {
      throw IntakeError(error)
    }
  }

  private nonisolated(nonsending) func abandon() async {
    guard let upload = current?.upload else { return }
    current?.upload = nil
    _ = try? await storage.run(key: key) { _ throws(StorageError) in upload.upload.abandon() }
  }

  /// Nothing of the request stays. What cannot be deleted now goes with the sweep of temporary files.
  package nonisolated(nonsending) func discard() async {
    await abandon()
    let temporaries = frames.compactMap { if case .stored(_, _, let temporary) = $0 { temporary } else { nil } }
    (frames, current) = ([], nil)
    _ = try? await storage.run(key: key) { adapter throws(StorageError) in
      for temporary in temporaries { _ = try? adapter.delete(temporary) }
    }
  }
}

/// An upload that goes from call to call.
// Safe: it is used in storage calls of one key only, which run one after the other on one thread.
private final class UploadHandle: @unchecked Sendable {
  let upload: any StorageUpload

  init(_ upload: any StorageUpload) { self.upload = upload }
}

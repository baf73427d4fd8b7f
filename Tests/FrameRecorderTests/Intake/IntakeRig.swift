import EventLoop
import Foundation
import FrameRecorder
import Observability
import Synchronization
import TestKit

/// A Redis, a folder, and an intake over both.
struct IntakeRig {
  let frames: FrameRig
  let folder: TemporaryFolder
  let storage: StorageThreads
  let space = FailingStorage.Switch()

  init(_ fixture: Fixture, arguments: [String] = []) async throws {
    frames = try await FrameRig(fixture, partitions: 1, arguments: arguments)
    folder = try fixture.temporaryFolder("intake")
    let loops = [EventLoop(name: "storage-1"), EventLoop(name: "storage-2")]
    fixture.addTeardown { for loop in loops { loop.stop() } }
    let adapter = try FileAdapter(base: folder.path)
    try adapter.create(.clients)
    storage = StorageThreads(FailingStorage(adapter, space), loops: loops)
  }

  func intake(_ change: (inout IntakeSettings) -> Void = { _ in }) -> FrameIntake {
    var settings = IntakeSettings()
    change(&settings)
    return FrameIntake(
      store: frames.store(), storage: storage, settings: settings, logger: Logger(level: .debug, sink: frames.sink),
      isStorageUsable: { true })
  }

  func request(_ client: String = "c1", _ device: String = "d1", key: String? = nil) throws -> IntakeRequest {
    var form = IntakeForm()
    form.set(.deviceID, Array(device.utf8))
    form.set(.timestamp, Array("1795219200".utf8))
    form.set(.clientID, Array(client.utf8))
    var sender = IntakeSender(requestID: "r1")
    sender.idempotencyKey = key
    return try form.request(sender, received: FrameTime(milliseconds: 1_795_219_200_500), frames: 1)
  }

  /// Frames of a request, written in pieces. `device`: nil is not known while they come.
  func upload(_ intake: FrameIntake, _ pictures: [[UInt8]], device: DevicePair?) async throws -> FrameUploads {
    let uploads = intake.uploads("r1")
    for picture in pictures {
      guard uploads.begin(device) else { throw Missing("room for a frame") }
      for start in stride(from: 0, to: picture.count, by: 1_000) {
        guard try await uploads.write(picture[start..<min(start + 1_000, picture.count)]) else {
          throw Missing("room in a frame")
        }
      }
      try await uploads.end()
    }
    return uploads
  }

  /// All files below the base, in order.
  var files: [String] {
    let found = FileManager.default.enumerator(atPath: folder.path)?.allObjects as? [String] ?? []
    return found.filter { path in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: folder.file(path), isDirectory: &isFolder) && !isFolder.boolValue
    }.sorted()
  }

  /// The events that wait, as text.
  func events() async throws -> [String] {
    let entries = try await frames.command("XRANGE", "frames:0", "-", "+").elements ?? []
    return entries.compactMap { $0.elements?.last?.pairs?.first { $0.0 == "event" }?.1 }
  }
}

/// A storage that has no space while its switch is on.
struct FailingStorage: StorageAdapter {
  final class Switch: Sendable {
    private let state = Mutex(false)
    var isFull: Bool {
      get { state.withLock { $0 } }
      set { state.withLock { $0 = newValue } }
    }
  }

  private let inner: FileAdapter
  private let full: Switch

  init(_ inner: FileAdapter, _ full: Switch) { (self.inner, self.full) = (inner, full) }

  fileprivate func check(_ path: StoragePath) throws(StorageError) {
    if full.isFull { throw StorageError(code: .full, operation: "write", path: path.text, reason: "no space") }
  }

  func begin(_ path: StoragePath) throws(StorageError) -> any StorageUpload {
    Upload(inner: try inner.begin(path), path: path, storage: self)
  }

  private final class Upload: StorageUpload {
    private let inner: any StorageUpload
    private let path: StoragePath
    private let storage: FailingStorage

    init(inner: any StorageUpload, path: StoragePath, storage: FailingStorage) {
      (self.inner, self.path, self.storage) = (inner, path, storage)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(StorageError) {
      try storage.check(path)
      try inner.write(bytes)
    }

    func finish(replaces: Bool) throws(StorageError) { try inner.finish(replaces: replaces) }

    func keep() throws(StorageError) -> StoragePath { try inner.keep() }

    func abandon() { inner.abandon() }
  }

  func create(_ folder: StoragePath) throws(StorageError) { try inner.create(folder) }

  func publish(_ temporary: StoragePath, as path: StoragePath) throws(StorageError) {
    try check(path)
    try inner.publish(temporary, as: path)
  }

  func read(_ path: StoragePath, _ range: Range<Int>?) throws(StorageError) -> [UInt8] { try inner.read(path, range) }

  func open(_ path: StoragePath) throws(StorageError) -> any StorageReader { try inner.open(path) }

  func list(_ folder: StoragePath, _ visit: (StorageEntry) -> Bool) throws(StorageError) {
    try inner.list(folder, visit)
  }

  func look(_ path: StoragePath) throws(StorageError) -> StorageEntry? { try inner.look(path) }

  func delete(_ path: StoragePath) throws(StorageError) -> Bool { try inner.delete(path) }

  func deleteFolder(_ path: StoragePath) throws(StorageError) -> Bool { try inner.deleteFolder(path) }

  func share(_ source: StoragePath, as path: StoragePath) throws(StorageError) { try inner.share(source, as: path) }

  func link(_ path: StoragePath, to target: String) throws(StorageError) { try inner.link(path, to: target) }

  func sync(_ folder: StoragePath) throws(StorageError) { try inner.sync(folder) }

  func space() throws(StorageError) -> StorageSpace { try inner.space() }

  func device(_ pair: DevicePair) throws(StorageError) -> DevicePair { try inner.device(pair) }
}

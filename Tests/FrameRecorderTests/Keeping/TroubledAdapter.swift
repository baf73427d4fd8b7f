import Foundation
import FrameRecorder
import Synchronization

/// A storage that fails at a chosen call.
final class TroubledAdapter: StorageAdapter {
  enum Trouble: Sendable {
    /// That call and all after it, as if the process had been killed.
    case death
    /// All after that call.
    case lastCall
    /// In that call, which leaves an unfinished file where it writes one, and all after it.
    case torn
    /// That call alone.
    case full
  }

  private let inner: FileAdapter
  private let trouble: Trouble
  private let place: Int
  private let onTrouble: @Sendable () -> Void
  private let onList: @Sendable (StoragePath) -> Void
  private let calls = Mutex(0)

  /// `place`: of the call among those that write, from 0.
  init(
    _ inner: FileAdapter, _ trouble: Trouble, at place: Int, onTrouble: @escaping @Sendable () -> Void = {},
    onList: @escaping @Sendable (StoragePath) -> Void = { _ in }
  ) {
    (self.inner, self.trouble, self.place, self.onTrouble) = (inner, trouble, place, onTrouble)
    self.onList = onList
  }

  var hasHappened: Bool { calls.withLock { $0 > place } }

  private func pass(_ path: StoragePath) throws(StorageError) {
    let call = calls.withLock { calls in
      calls += 1
      return calls - 1
    }
    let isHit =
      switch trouble {
      case .death: call >= place
      case .lastCall, .torn: call > place
      case .full: call == place
      }
    if call == place { onTrouble() }
    guard isHit else { return }
    throw StorageError.made(trouble == .full ? .full : .failed, path)
  }

  private var isTorn: Bool { trouble == .torn && hasHappened }

  private func alive(_ path: StoragePath) throws(StorageError) {
    if trouble != .full, hasHappened { throw StorageError.made(.failed, path) }
  }

  func begin(_ path: StoragePath) throws(StorageError) -> any StorageUpload {
    try pass(path)
    let upload = try inner.begin(path)
    return isTorn ? TornUpload(upload, path) : upload
  }

  func create(_ folder: StoragePath) throws(StorageError) {
    try pass(folder)
    try inner.create(folder)
  }

  func publish(_ temporary: StoragePath, as path: StoragePath) throws(StorageError) {
    try pass(path)
    try inner.publish(temporary, as: path)
  }

  func read(_ path: StoragePath, _ range: Range<Int>?) throws(StorageError) -> [UInt8] {
    try alive(path)
    return try inner.read(path, range)
  }

  func open(_ path: StoragePath) throws(StorageError) -> any StorageReader {
    try alive(path)
    return try inner.open(path)
  }

  func list(_ folder: StoragePath, _ visit: (StorageEntry) -> Bool) throws(StorageError) {
    try alive(folder)
    onList(folder)
    try inner.list(folder, visit)
  }

  func look(_ path: StoragePath) throws(StorageError) -> StorageEntry? {
    try alive(path)
    return try inner.look(path)
  }

  func delete(_ path: StoragePath) throws(StorageError) -> Bool {
    try alive(path)
    return try inner.delete(path)
  }

  func deleteFolder(_ path: StoragePath) throws(StorageError) -> Bool {
    try alive(path)
    return try inner.deleteFolder(path)
  }

  func share(_ source: StoragePath, as path: StoragePath) throws(StorageError) {
    try pass(path)
    guard isTorn else { return try inner.share(source, as: path) }
    // As where no second name can be had.
    let upload = TornUpload(try inner.begin(path), path)
    let part = try inner.read(source, 0..<5)
    try part.withUnsafeBytes { raw in Result { () throws(StorageError) in try upload.write(raw) } }.get()
    try upload.finish(replaces: false)
  }

  func link(_ path: StoragePath, to target: String) throws(StorageError) {
    try pass(path)
    try inner.link(path, to: target)
  }

  func sync(_ folder: StoragePath) throws(StorageError) {
    try pass(folder)
    if isTorn { throw StorageError.made(.failed, folder) }
    try inner.sync(folder)
  }

  func space() throws(StorageError) -> StorageSpace { try inner.space() }
  func device(_ pair: DevicePair) throws(StorageError) -> DevicePair { try inner.device(pair) }
}

/// Its process dies before it has its final name.
private final class TornUpload: StorageUpload {
  private let inner: any StorageUpload
  private let path: StoragePath

  init(_ inner: any StorageUpload, _ path: StoragePath) { (self.inner, self.path) = (inner, path) }

  func write(_ bytes: UnsafeRawBufferPointer) throws(StorageError) { try inner.write(bytes) }

  func finish(replaces: Bool) throws(StorageError) {
    _ = try inner.keep()
    throw StorageError.made(.failed, path)
  }

  func keep() throws(StorageError) -> StoragePath { try inner.keep() }
  func abandon() {}
}

extension StorageError {
  static func made(_ code: Code, _ path: StoragePath) -> StorageError {
    StorageError(code: code, operation: "write", path: path.text, reason: "made up")
  }
}

/// Runs async work and waits for it, on a thread that may wait.
func waiting(_ work: @escaping @Sendable () async -> Void) {
  let done = DispatchSemaphore(value: 0)
  Task {
    await work()
    done.signal()
  }
  done.wait()
}

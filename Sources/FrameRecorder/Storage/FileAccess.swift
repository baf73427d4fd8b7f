internal import CLinux
internal import Glibc

/// A descriptor that is closed when it goes.
struct OwnedDescriptor: ~Copyable {
  let number: Int32

  init(_ number: Int32) { self.number = number }
  deinit { close(number) }
}

/// System calls below the base, with their errors as the storage's.
struct FileAccess: Sendable {
  /// Of the base.
  let base: Int32

  /// `result`: ≥ 0, or -1 with errno.
  @discardableResult
  static func check(
    _ result: some BinaryInteger, _ operation: String, _ path: StoragePath
  ) throws(StorageError) -> Int {
    if result < 0 { throw error(errno, operation, path.text) }
    return Int(result)
  }

  static func error(_ number: Int32, _ operation: String, _ path: String) -> StorageError {
    let code: StorageError.Code =
      switch number {
      case ENOENT: .missing
      case EEXIST: .exists
      case ENOSPC, EDQUOT: .full
      case EXDEV, ELOOP: .outside
      case EISDIR, ENOTDIR: .wrongKind
      default: .failed
      }
    return StorageError(code: code, operation: operation, path: path, reason: String(cString: strerror(number)))
  }

  /// Opens a file or a folder; links on the way must stay below the base.
  func open(
    _ path: StoragePath?, _ flags: Int32, mode: UInt32 = 0, _ operation: String
  ) throws(StorageError) -> OwnedDescriptor {
    let descriptor = clinux_open_beneath(base, path?.text ?? ".", flags, mode)
    if descriptor < 0 { throw Self.error(-descriptor, operation, path?.text ?? "the base") }
    return OwnedDescriptor(descriptor)
  }

  func openFolder(_ path: StoragePath?, _ operation: String) throws(StorageError) -> OwnedDescriptor {
    try open(path, O_RDONLY | O_DIRECTORY, operation)
  }

  /// Opens a folder, and creates it and those that hold it, each durable. `client_ids` is not made on the way: without it
  /// the base may be what stays of a storage that is not mounted.
  func createFolder(_ path: StoragePath?, _ operation: String) throws(StorageError) -> OwnedDescriptor {
    do throws(StorageError) {
      return try openFolder(path, operation)
    } catch {
      guard error.code == .missing, let path else { throw error }
      guard path != .clients else { throw .noClients(operation) }
      return try makeFolder(path, in: createFolder(path.folder, operation), operation)
    }
  }

  /// The first folder of a base.
  func createClients() throws(StorageError) {
    _ = try makeFolder(.clients, in: openFolder(nil, "make"), "make")
  }

  private func makeFolder(
    _ path: StoragePath, in parent: borrowing OwnedDescriptor, _ operation: String
  ) throws(StorageError) -> OwnedDescriptor {
    if mkdirat(parent.number, path.name, 0o755) == 0 {
      try Self.check(fsync(parent.number), operation, path)
    } else if errno != EEXIST {
      throw Self.error(errno, operation, path.text)
    }
    return try openFolder(path, operation)
  }

  /// The bytes of `range` that there are, without moving the file's position.
  static func read(_ range: Range<Int>, of file: Int32, _ path: StoragePath) throws(StorageError) -> [UInt8] {
    var count = 0
    var failure: StorageError?
    let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, initialized in
      while count < range.count {
        let place = buffer.baseAddress.map { $0 + count }
        let got = pread(file, place, range.count - count, off_t(range.lowerBound + count))
        if got < 0, errno == EINTR { continue }
        if got < 0 { failure = error(errno, "read", path.text) }
        if got <= 0 { break }
        count += got
      }
      initialized = count
    }
    if let failure { throw failure }
    return bytes
  }

  /// Retried where a signal came between.
  static func write(
    _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ path: StoragePath
  ) throws(StorageError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest)
      let count = Glibc.write(descriptor, part.baseAddress, part.count)
      if count < 0, errno == EINTR { continue }
      rest = rest.dropFirst(try check(count, "write", path))
    }
  }
}

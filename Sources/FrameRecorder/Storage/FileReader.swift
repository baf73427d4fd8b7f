internal import Glibc

/// A regular file that is open.
final class FileReader: StorageReader {
  let size: Int
  let modified: FrameTime
  private let file: OwnedDescriptor
  private let path: StoragePath

  init(_ path: StoragePath, _ access: FileAccess) throws(StorageError) {
    self.path = path
    file = try access.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW, "read")
    let status = try Self.status(of: file.number, path)
    size = Int(status.st_size)
    modified = FrameTime(
      milliseconds: Int64(status.st_mtim.tv_sec) * 1_000 + Int64(status.st_mtim.tv_nsec) / 1_000_000)
  }

  private static func status(of file: Int32, _ path: StoragePath) throws(StorageError) -> stat {
    var status = stat()
    try FileAccess.check(fstat(file, &status), "read", path)
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw StorageError(code: .wrongKind, operation: "read", path: path.text, reason: "not a regular file")
    }
    return status
  }

  func read(_ range: Range<Int>) throws(StorageError) -> [UInt8] {
    try FileAccess.read(range, of: file.number, path)
  }
}

internal import Glibc

/// A file on its way: `.<random>.tmp` in its folder. Used by one thread at a time.
final class FileUpload: StorageUpload {
  private let folder: OwnedDescriptor
  private let file: OwnedDescriptor
  private let path: StoragePath
  private let temporary: String
  private var isOver = false

  init(_ path: StoragePath, _ access: FileAccess) throws(StorageError) {
    self.path = path
    temporary = "." + String(UInt64.random(in: .min ... .max), radix: 16) + ".tmp"
    folder = try access.createFolder(path.folder, "write")
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
    file = OwnedDescriptor(Int32(try FileAccess.check(openat(folder.number, temporary, flags, 0o644), "write", path)))
  }

  deinit { abandon() }

  /// For a copy that the kernel makes.
  var descriptor: Int32 { file.number }

  func write(_ bytes: UnsafeRawBufferPointer) throws(StorageError) {
    try FileAccess.write(bytes, to: file.number, path)
  }

  func finish(replaces: Bool) throws(StorageError) {
    try FileAccess.check(fsync(file.number), "sync", path)
    if replaces {
      try FileAccess.check(renameat(folder.number, temporary, folder.number, path.name), "rename", path)
      isOver = true
    } else {
      try FileAdapter.rename(temporary, to: path, in: folder.number)
      isOver = true
    }
    try FileAccess.check(fsync(folder.number), "sync", path)
  }

  func keep() throws(StorageError) -> StoragePath {
    try FileAccess.check(fsync(file.number), "sync", path)
    guard let name = path.folder?.entry(temporary) ?? StoragePath(temporary) else {
      throw StorageError(code: .failed, operation: "sync", path: path.text, reason: "its name is too long")
    }
    isOver = true
    return name
  }

  func abandon() {
    if !isOver { unlinkat(folder.number, temporary, 0) }
    isOver = true
  }
}

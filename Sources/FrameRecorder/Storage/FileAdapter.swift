internal import CLinux
internal import Glibc

/// A folder that all workers see, perhaps over NFS. Nothing is opened outside of it, whatever links lie in it.
package final class FileAdapter: StorageAdapter {
  private let folder: OwnedDescriptor
  private let basePath: String
  private let access: FileAccess
  private static let copyBytes = 65_536

  /// `base`: the absolute path of a folder that exists.
  package init(base: String) throws(StorageError) {
    let descriptor = Glibc.open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if descriptor < 0 { throw FileAccess.error(errno, "open", base) }
    folder = OwnedDescriptor(descriptor)
    access = FileAccess(base: descriptor)
    basePath = base
  }

  package func begin(_ path: StoragePath) throws(StorageError) -> any StorageUpload { try FileUpload(path, access) }

  package func create(_ folder: StoragePath) throws(StorageError) {
    if folder == .clients { return try access.createClients() }
    _ = try access.createFolder(folder, "make")
  }

  package func publish(_ temporary: StoragePath, as path: StoragePath) throws(StorageError) {
    guard temporary.folder == path.folder else {
      throw StorageError(code: .failed, operation: "rename", path: path.text, reason: "it is in another folder")
    }
    let folder = try access.openFolder(path.folder, "rename")
    try Self.rename(temporary.name, to: path, in: folder.number)
    try FileAccess.check(fsync(folder.number), "sync", path)
  }

  /// Never over another file. By link and unlink, since NFS knows no rename that refuses.
  static func rename(_ temporary: String, to path: StoragePath, in folder: Int32) throws(StorageError) {
    if linkat(folder, temporary, folder, path.name, 0) == 0 {
      unlinkat(folder, temporary, 0)
      return
    }
    guard cannotLink(errno) else { throw FileAccess.error(errno, "rename", path.text) }
    let result = clinux_rename_new(folder, temporary, folder, path.name)
    if result < 0 { throw FileAccess.error(-result, "rename", path.text) }
  }

  private static func cannotLink(_ error: Int32) -> Bool {
    [EPERM, EOPNOTSUPP, ENOSYS, EMLINK, EXDEV].contains(error)
  }

  // MARK: Reading

  package func read(_ path: StoragePath, _ range: Range<Int>?) throws(StorageError) -> [UInt8] {
    let file = try access.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, "read")
    let size = try Self.size(of: file.number, path)
    return try FileAccess.read((range ?? 0..<size).clamped(to: 0..<size), of: file.number, path)
  }

  package func open(_ path: StoragePath) throws(StorageError) -> any StorageReader { try FileReader(path, access) }

  private static func size(of file: Int32, _ path: StoragePath) throws(StorageError) -> Int {
    var status = stat()
    try FileAccess.check(fstat(file, &status), "read", path)
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw StorageError(code: .wrongKind, operation: "read", path: path.text, reason: "not a regular file")
    }
    return Int(status.st_size)
  }

  package func list(_ folder: StoragePath, _ visit: (StorageEntry) -> Bool) throws(StorageError) {
    let descriptor: Int32
    do throws(StorageError) {
      // The stream of entries closes its own.
      let opened = try access.openFolder(folder, "list")
      descriptor = fcntl(opened.number, F_DUPFD_CLOEXEC, 0)
    } catch {
      guard error.code == .missing else { throw error }
      return
    }
    guard let entries = fdopendir(descriptor) else {
      let number = errno
      close(descriptor)
      throw FileAccess.error(number, "list", folder.text)
    }
    defer { closedir(entries) }
    while let entry = readdir(entries) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name == "." || name == ".." { continue }
      // What is gone meanwhile is none.
      guard let found = Self.look(name, in: descriptor) else { continue }
      guard visit(found) else { return }
    }
  }

  package func look(_ path: StoragePath) throws(StorageError) -> StorageEntry? {
    do throws(StorageError) {
      let folder = try access.openFolder(path.folder, "look at")
      if let entry = Self.look(path.name, in: folder.number) { return entry }
      if errno != ENOENT { throw FileAccess.error(errno, "look at", path.text) }
      return nil
    } catch {
      guard error.code == .missing else { throw error }
      return nil
    }
  }

  /// Nil, with errno, where it cannot be seen.
  private static func look(_ name: String, in folder: Int32) -> StorageEntry? {
    var status = stat()
    guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
    let kind: StorageEntry.Kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .folder
      case S_IFLNK: .link
      default: .other
      }
    let time = status.st_mtim
    return StorageEntry(
      name: name, kind: kind, size: Int64(status.st_size),
      modified: FrameTime(milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000))
  }

  /// Of the folder that has the base's name now: it may have been mounted anew, and is used from then on.
  package func space() throws(StorageError) -> StorageSpace {
    try follow()
    var status = statvfs()
    if fstatvfs(folder.number, &status) != 0 { throw FileAccess.error(errno, "measure", basePath) }
    let block = UInt64(status.f_frsize)
    return StorageSpace(free: UInt64(status.f_bavail) * block, total: UInt64(status.f_blocks) * block)
  }

  private func follow() throws(StorageError) {
    let found = Glibc.open(basePath, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if found < 0 { throw FileAccess.error(errno, "open", basePath) }
    let present = OwnedDescriptor(found)
    var (now, before) = (stat(), stat())
    guard fstat(present.number, &now) == 0, fstat(folder.number, &before) == 0 else {
      throw FileAccess.error(errno, "look at", basePath)
    }
    guard now.st_dev != before.st_dev || now.st_ino != before.st_ino else { return }
    let result = clinux_replace_descriptor(folder.number, present.number)
    if result < 0 { throw FileAccess.error(-result, "open", basePath) }
  }

  // MARK: Deleting

  @discardableResult
  package func delete(_ path: StoragePath) throws(StorageError) -> Bool {
    do throws(StorageError) {
      let folder = try access.openFolder(path.folder, "delete")
      return try Self.unlink(path, in: folder.number)
    } catch {
      guard error.code == .missing else { throw error }
      return false
    }
  }

  private static func unlink(_ path: StoragePath, in folder: Int32) throws(StorageError) -> Bool {
    if unlinkat(folder, path.name, 0) == 0 { return true }
    if errno == EISDIR || errno == EPERM {
      if unlinkat(folder, path.name, AT_REMOVEDIR) == 0 { return true }
      if errno == ENOTEMPTY || errno == EEXIST { return false }
    }
    throw FileAccess.error(errno, "delete", path.text)
  }

  @discardableResult
  package func deleteFolder(_ path: StoragePath) throws(StorageError) -> Bool {
    guard try look(path)?.kind == .folder else { return false }
    var entries: [StorageEntry] = []
    try list(path) {
      entries.append($0)
      return true
    }
    for entry in entries {
      guard let inner = path.entry(entry.name) else { continue }
      _ = entry.kind == .folder ? try deleteFolder(inner) : try delete(inner)
    }
    return try delete(path)
  }

  // MARK: Linking

  package func share(_ source: StoragePath, as path: StoragePath) throws(StorageError) {
    let sourceFolder = try access.openFolder(source.folder, "link")
    let folder = try access.createFolder(path.folder, "link")
    if linkat(sourceFolder.number, source.name, folder.number, path.name, 0) == 0 { return }
    guard Self.cannotLink(errno) else {
      throw FileAccess.error(errno, "link", errno == ENOENT ? source.text : path.text)
    }
    try copy(source, to: path)
  }

  /// Shares the blocks where the file system can.
  func copy(_ source: StoragePath, to path: StoragePath) throws(StorageError) {
    let file = try access.open(source, O_RDONLY | O_NONBLOCK | O_NOCTTY, "copy")
    let size = try Self.size(of: file.number, source)
    let upload = try FileUpload(path, access)
    defer { upload.abandon() }
    if clinux_clone_file(upload.descriptor, file.number) < 0 {
      for start in stride(from: 0, to: size, by: Self.copyBytes) {
        let part = try read(source, start..<min(start + Self.copyBytes, size))
        let written = part.withUnsafeBytes { raw in Result { () throws(StorageError) in try upload.write(raw) } }
        try written.get()
      }
    }
    try upload.finish(replaces: false)
  }

  package func link(_ path: StoragePath, to target: String) throws(StorageError) {
    let folder = try access.createFolder(path.folder, "link")
    if symlinkat(target, folder.number, path.name) == 0 { return }
    guard errno == EEXIST else { throw FileAccess.error(errno, "link", path.text) }
    guard let found = try linkTarget(path) else { throw FileAccess.error(EEXIST, "link", path.text) }
    if found == target, utimensat(folder.number, path.name, nil, AT_SYMLINK_NOFOLLOW) == 0 { return }
    let temporary = ".\(UInt64.random(in: .min ... .max)).tmp"
    try FileAccess.check(symlinkat(target, folder.number, temporary), "link", path)
    guard renameat(folder.number, temporary, folder.number, path.name) == 0 else {
      let number = errno
      unlinkat(folder.number, temporary, 0)
      throw FileAccess.error(number, "link", path.text)
    }
  }

  package func sync(_ folder: StoragePath) throws(StorageError) {
    let descriptor = try access.openFolder(folder, "sync")
    try FileAccess.check(fsync(descriptor.number), "sync", folder)
  }

  // MARK: Shared devices

  private static let mostLinks = 8

  package func device(_ pair: DevicePair) throws(StorageError) -> DevicePair {
    var pair = pair
    for _ in 0..<Self.mostLinks {
      guard let target = try linkTarget(StoragePath.device(pair)) else { return pair }
      guard let next = Self.device(target, from: pair, base: basePath) else {
        throw StorageError(
          code: .outside, operation: "follow", path: StoragePath.device(pair).text,
          reason: "its link leads to no device's folder: \(target)")
      }
      pair = next
    }
    throw FileAccess.error(ELOOP, "follow", StoragePath.device(pair).text)
  }

  /// Nil: there is no link.
  private func linkTarget(_ path: StoragePath) throws(StorageError) -> String? {
    guard try look(path)?.kind == .link else { return nil }
    let folder = try access.openFolder(path.folder, "follow")
    var target = [CChar](repeating: 0, count: 4_096)
    let count = try FileAccess.check(readlinkat(folder.number, path.name, &target, target.count), "follow", path)
    return String(decoding: target.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func device(_ target: String, from pair: DevicePair, base: String) -> DevicePair? {
    var names: [Substring]
    if target.hasPrefix("/") {
      guard target.hasPrefix(base + "/") else { return nil }
      names = []
    } else {
      names = StoragePath.devices(of: pair.client).text.split(separator: "/")
    }
    let relative = target.hasPrefix("/") ? target.dropFirst(base.count) : target[...]
    for name in relative.split(separator: "/") where name != "." {
      if name != ".." {
        names.append(name)
      } else if names.popLast() == nil {
        return nil
      }
    }
    guard names.count == 4, let client = SafeName(String(names[1])), let device = SafeName(String(names[3])) else {
      return nil
    }
    let found = DevicePair(client: client, device: device)
    return StoragePath.device(found).text == names.joined(separator: "/") ? found : nil
  }
}

internal import CFFmpeg
internal import CLinux
internal import FrameEncoding
internal import Glibc

/// The storage's base, below which everything is opened: no path and no symlink leads out of it.
struct FrameFolder: ~Copyable {
  private let descriptor: Int32

  /// `base` must be absolute.
  init(base: String) throws(EncodeFailure) {
    guard base.utf8.first == UInt8(ascii: "/") else {
      throw EncodeFailure(.request, "the base folder '\(base)' is not absolute")
    }
    let descriptor = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw EncodeFailure(storage: errno, "the base folder cannot be opened") }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// The bytes of a frame.
  func read(_ frame: FrameInput, maxBytes: Int) throws(FrameError) -> MediaPacket {
    guard Self.isInside(frame.path, client: frame.client) else {
      throw .bad(.path, "not below client_ids/\(frame.client)/")
    }
    // A FIFO must not keep the encoder waiting; a link may lead to another client's frame.
    let flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW
    let file = clinux_open_beneath(descriptor, frame.path, flags, 0)
    guard file >= 0 else { throw Self.openError(-file) }
    defer { close(file) }
    return try Self.content(of: file, maxBytes: maxBytes)
  }

  /// `client_ids/<client>/` in front, something behind it, and no `.` or `..` anywhere.
  private static func isInside(_ path: String, client: String) -> Bool {
    let parts = path.utf8.split(separator: UInt8(ascii: "/"))
    guard path.utf8.first != UInt8(ascii: "/"), !path.utf8.contains(0), parts.count >= 3 else { return false }
    return parts[0].elementsEqual("client_ids".utf8) && parts[1].elementsEqual(client.utf8)
      && !parts.contains { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }
  }

  private static func openError(_ code: Int32) -> FrameError {
    switch code {
    case ENOENT, ENOTDIR: .bad(.missing, "no such file")
    case EXDEV: .bad(.path, "a symlink leads out of the base folder")
    case ELOOP: .bad(.path, "a symlink in place of a file")
    case EACCES, ENXIO, ENODEV, ENAMETOOLONG: .bad(.path, String(cString: strerror(code)))
    case ENOSYS, EPERM, EINVAL:
      .failed(EncodeFailure(storage: code, "openat2(2) is refused; it needs Linux 5.6 and a seccomp profile with it"))
    default: .failed(EncodeFailure(storage: code, "a frame cannot be opened"))
    }
  }

  private static func content(of file: Int32, maxBytes: Int) throws(FrameError) -> MediaPacket {
    var status = stat()
    guard fstat(file, &status) == 0 else { throw .failed(EncodeFailure(storage: errno, "a frame cannot be read")) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .bad(.path, "not a regular file") }
    guard status.st_size > 0 else { throw .bad(.empty, "0 bytes") }
    guard status.st_size <= maxBytes else { throw .bad(.tooLarge, "\(status.st_size) bytes, \(maxBytes) are allowed") }
    guard let packet = MediaPacket(bytes: Int(status.st_size)) else { throw .bad(.tooLarge, "no memory for the file") }
    let buffer = packet.bytes
    var filled = 0
    while filled < buffer.count, let start = buffer.baseAddress {
      let count = Glibc.read(file, start + filled, buffer.count - filled)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .failed(EncodeFailure(storage: errno, "a frame cannot be read")) }
      if count == 0 { break }
      filled += count
    }
    guard filled > 0 else { throw .bad(.empty, "0 bytes") }
    packet.shrink(to: filled)
    return packet
  }
}

extension FrameFolder {
  /// A file to write to, empty, also if it was there.
  func create(_ path: String) throws(EncodeFailure) -> Int32 {
    let file = clinux_open_beneath(descriptor, path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o644)
    guard file >= 0 else { throw EncodeFailure(storage: -file, "\(path) cannot be created") }
    return file
  }

  /// Harmless when it is gone.
  func remove(_ path: String) { _ = unlinkat(descriptor, path, 0) }
}

extension EncodeFailure {
  init(storage code: Int32, _ what: String) {
    self.init(.storage, systemError: code, "\(what): \(String(cString: strerror(code)))")
  }
}

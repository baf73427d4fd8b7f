internal import CLinux
internal import EventLoop
internal import Glibc

/// One of a proxied connection's two sockets, with what waits to be written to it. Confined to the loop.
final class EgressSide {
  enum Sent {
    case all
    /// The socket takes no more now: the rest is kept, and `onDrained` will say when it is gone.
    case kept
    case failed
  }

  let descriptor: Int32
  private let loop: EventLoop
  /// Late calls after `close` must not reach a descriptor that is another's by now.
  private var isOpen = true
  private var kept: [UInt8] = []
  private var keptFrom = 0
  private var reading: DescriptorWatch?
  private var writing: DescriptorWatch?
  var onReadable: () -> Void = {}
  var onWritable: () -> Void = {}

  /// Owns `descriptor`.
  init(_ descriptor: Int32, loop: EventLoop) {
    self.descriptor = descriptor
    self.loop = loop
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
  }

  var isEmpty: Bool { kept.isEmpty }

  func setReading(_ isOn: Bool) {
    guard isOpen else { return }
    if !isOn {
      reading?.disable()
    } else if let reading {
      reading.enable()
    } else {
      reading = loop.watchReadable(descriptor) { [weak self] in self?.onReadable() }
    }
  }

  func setWriting(_ isOn: Bool) {
    guard isOpen else { return }
    if !isOn {
      writing?.disable()
    } else if let writing {
      writing.enable()
    } else {
      writing = loop.watchWritable(descriptor) { [weak self] in self?.onWritable() }
    }
  }

  /// Bytes read into `buffer`; 0 at the end or after an error, nil when there is nothing now.
  func receive(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
    guard isOpen else { return 0 }
    let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
    if count >= 0 { return count }
    return errno == EAGAIN || errno == EINTR ? nil : 0
  }

  /// Sends at once what the socket takes and keeps the rest. The caller bounds what it gives before `all`.
  func send(_ bytes: UnsafeRawBufferPointer) -> Sent {
    guard kept.isEmpty else {
      kept += bytes
      return .kept
    }
    guard let count = write(bytes) else { return .failed }
    if count == bytes.count { return .all }
    kept = Array(bytes[count...])
    keptFrom = 0
    setWriting(true)
    return .kept
  }

  /// Sends what was kept.
  func flush() -> Sent {
    let count = kept.withUnsafeBytes { write(UnsafeRawBufferPointer(rebasing: $0[keptFrom...])) }
    guard let count else { return .failed }
    keptFrom += count
    guard keptFrom == kept.count else { return .kept }
    kept = []
    keptFrom = 0
    setWriting(false)
    return .all
  }

  private func write(_ bytes: UnsafeRawBufferPointer) -> Int? {
    guard isOpen else { return nil }
    var done = 0
    while done < bytes.count {
      let count = Glibc.send(
        descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, Int32(MSG_NOSIGNAL))
      if count >= 0 {
        done += count
      } else if errno != EINTR {
        return errno == EAGAIN ? done : nil
      }
    }
    return done
  }

  func close() {
    guard isOpen else { return }
    isOpen = false
    reading?.cancel()
    writing?.cancel()
    reading = nil
    writing = nil
    onReadable = {}
    onWritable = {}
    Glibc.close(descriptor)
  }
}

internal import CLinux
internal import ChildProcess
internal import EventLoop
internal import Glibc

/// One encoder process and the socket to it, confined to the child's loop.
final class EncoderConnection {
  private static let pieceBytes = 64 * 1024

  private let child: ChildProcess
  private let onAnswer: (Result<EncoderAnswer, WireError>) -> Void
  private var framer = MessageFramer()
  private var unsent: ArraySlice<UInt8> = []
  private var readWatch: DescriptorWatch?
  private var writeWatch: DescriptorWatch?

  /// `onAnswer`: each answer, or once what is none. `onExit`: once, with how it ended and its last words.
  init(
    _ child: ChildProcess, onAnswer: @escaping (Result<EncoderAnswer, WireError>) -> Void,
    onExit: @escaping (String) -> Void
  ) {
    self.child = child
    self.onAnswer = onAnswer
    child.closeStandardOutput()
    child.onExit = { [weak self, unowned child] status in
      self?.close()
      let words = child.errorTail.suffix(3).joined(separator: " / ")
      onExit(words.isEmpty ? "\(status)" : "\(status): \(words)")
    }
    readWatch = child.home.watchReadable(child.standardInput) { [unowned self] in receive() }
  }

  func send(_ bytes: [UInt8]) {
    unsent = bytes[...]
    flush()
  }

  func kill() { child.kill() }

  var processID: Int32 { child.pid }

  private func flush() {
    while !unsent.isEmpty, child.standardInput >= 0 {
      let count = unsent.withUnsafeBytes { bytes in
        var slice = iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
        return clinux_sendv(child.standardInput, &slice, 1)
      }
      if count == -Int(EAGAIN) { return awaitRoom() }
      guard count > 0 else { break }  // It is ending: its exit says so.
      unsent = unsent.dropFirst(count)
    }
    unsent = []
    writeWatch?.disable()
  }

  private func awaitRoom() {
    if let writeWatch { return writeWatch.enable() }
    writeWatch = child.home.watchWritable(child.standardInput) { [unowned self] in flush() }
  }

  private func receive() {
    withUnsafeTemporaryAllocation(byteCount: Self.pieceBytes, alignment: 16) { buffer in
      let count = read(child.standardInput, buffer.baseAddress, buffer.count)
      if count > 0 {
        framer.push(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        deliver()
      } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
        // It may have closed its end and live on.
        close()
        child.kill()
      }
    }
  }

  private func deliver() {
    do throws(WireError) {
      while readWatch != nil, let message = try framer.next() { onAnswer(.success(try EncoderAnswer(wire: message))) }
    } catch {
      close()
      onAnswer(.failure(error))
    }
  }

  private func close() {
    readWatch?.cancel()
    writeWatch?.cancel()
    (readWatch, writeWatch) = (nil, nil)
    child.closeStandardInput()
  }
}

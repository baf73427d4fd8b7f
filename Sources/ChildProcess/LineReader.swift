internal import EventLoop
internal import Glibc

/// Reads a pipe of a child as lines and closes it at its end. Confined to its loop.
final class LineReader {
  private static let pieceBytes = 64 * 1024
  private static let lineBytes = 4096
  /// The most that a pipe holds that nobody has enlarged: what was written before the writer's end is within it.
  private static let pipeBytes = 64 * 1024

  private let descriptor: Int32
  private let deliver: (String) -> Void
  private var splitter = LineSplitter(limit: lineBytes)
  private var watch: DescriptorWatch?
  private var isOpen = true

  /// Takes the descriptor over.
  init(descriptor: Int32, _ deliver: @escaping (String) -> Void) {
    self.descriptor = descriptor
    self.deliver = deliver
  }

  deinit { if isOpen { close(descriptor) } }

  func start(on loop: EventLoop) {
    guard isOpen else { return }
    watch = loop.watchReadable(descriptor) { [unowned self] in
      if case .ended = readPiece() { end() }
    }
  }

  /// The writer has ended: delivers what it has left in the pipe and closes it, whoever else holds the other end.
  func finish() {
    guard isOpen else { return }
    var rest = Self.pipeBytes
    while rest > 0, case .bytes(let count) = readPiece() { rest -= count }
    end()
  }

  private func end() {
    guard isOpen else { return }
    isOpen = false
    watch?.cancel()
    watch = nil
    close(descriptor)
    splitter.finish(deliver)
  }

  private enum Outcome {
    case bytes(Int)
    case nothingYet
    case ended
  }

  /// One piece a turn of the loop: a flood does not keep the loop's other work waiting.
  private func readPiece() -> Outcome {
    withUnsafeTemporaryAllocation(byteCount: Self.pieceBytes, alignment: 16) { buffer in
      let count = read(descriptor, buffer.baseAddress, buffer.count)
      if count > 0 {
        splitter.push(UnsafeRawBufferPointer(rebasing: buffer[..<count]), deliver)
        return .bytes(count)
      }
      return count < 0 && (errno == EAGAIN || errno == EINTR) ? .nothingYet : .ended
    }
  }
}

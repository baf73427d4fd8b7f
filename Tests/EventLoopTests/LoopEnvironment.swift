import EventLoop
import Glibc
import Synchronization

extension EventLoop {
  /// Runs `body` on the loop and waits for what it gives to its argument, which is to be called once.
  func answer<Value: Sendable>(_ body: @escaping @Sendable (@escaping @Sendable (Value) -> Void) -> Void) async -> Value
  {
    await withCheckedContinuation { (done: CheckedContinuation<Value, Never>) in
      execute { body { done.resume(returning: $0) } }
    }
  }

  /// Runs `body` on the loop and waits for what it returns.
  func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await answer { done in done(body()) }
  }
}

/// A pipe whose ends do not block; closed with the last reference.
final class TestPipe: Sendable {
  let reading: Int32
  let writing: Int32

  init() {
    var ends: [Int32] = [-1, -1]
    precondition(pipe(&ends) == 0)
    for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    (reading, writing) = (ends[0], ends[1])
  }

  deinit {
    close(reading)
    close(writing)
  }

  func put(_ count: Int) { _ = write(writing, [UInt8](repeating: 7, count: count), count) }

  /// How many bytes there were, up to `limit`.
  func take(_ limit: Int) -> Int {
    var buffer = [UInt8](repeating: 0, count: limit)
    return read(reading, &buffer, limit)
  }
}

/// Something that a handler keeps while it belongs to a loop.
final class Box<Value> {
  var value: Value
  init(_ value: Value) { self.value = value }
}

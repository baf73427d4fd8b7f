internal import CLinux
internal import Glibc

/// An open descriptor with one owner, that closes it.
struct Descriptor: ~Copyable, Sendable {
  let number: Int32

  init(_ number: Int32) { self.number = number }

  deinit { close(number) }

  /// The caller closes it.
  consuming func release() -> Int32 {
    let number = number
    discard self
    return number
  }
}

/// Both ends of a pipe: this process keeps one, not blocking, and the child gets the other, which blocks. Towards the
/// child it is a pair of sockets, so that what is shared can be sent to it as to any client (`sendmsg`).
struct ChildPipe: ~Copyable {
  let ours: Descriptor
  let theirs: Descriptor

  enum Direction {
    case fromChild
    case toChild
  }

  /// Throws the `errno`.
  init(_ direction: Direction) throws(PipeError) {
    var ends: (Int32, Int32) = (-1, -1)
    let code = withUnsafeMutablePointer(to: &ends) {
      $0.withMemoryRebound(to: Int32.self, capacity: 2) {
        direction == .fromChild ? clinux_pipe($0) : clinux_socket_pair($0)
      }
    }
    guard code == 0 else { throw PipeError(systemError: -code) }
    ours = Descriptor(direction == .fromChild ? ends.0 : ends.1)
    theirs = Descriptor(direction == .fromChild ? ends.1 : ends.0)
    _ = clinux_set_nonblocking(ours.number)
  }

  /// Closes the child's end, answers this process's.
  consuming func keepOurs() -> Int32 { ours.release() }
}

struct PipeError: Error {
  let systemError: Int32
}

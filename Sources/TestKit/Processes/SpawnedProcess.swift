internal import CLinux
internal import Foundation
internal import Glibc

/// How a process ended.
package enum SpawnedExit: Sendable, Equatable {
  case code(Int32)
  case signal(Int32)
}

/// A child of the test process: its output goes to a handler, it is signalled by its id and reaped, and the kernel kills
/// it should the test process die. Standard input is empty; no other descriptor is inherited.
///
/// This is not the `ChildProcess` module, so that what tests that module does not rest on it.
// Safe: `status` and `isReaped` are used under `condition`; `pipes` on the one thread that reads them.
package final class SpawnedProcess: @unchecked Sendable {
  private let condition = NSCondition()
  private var status: SpawnedExit?
  private let pipes: [Pipe]
  package let pid: Int32

  package enum Output: Sendable { case standardOutput, standardError }

  private struct Pipe {
    var descriptor: Int32
    let output: Output
  }

  package struct SpawnFailed: Error, CustomStringConvertible {
    package let description: String
  }

  /// Starts `executable` (searched on the PATH if it has no slash) with exactly `environment`. `handler` gets the output
  /// as it comes, on one thread; while it runs, the child may block on its output.
  package static func start(
    _ executable: String, _ arguments: [String], environment: [String: String], directory: String = "/",
    _ handler: @escaping @Sendable (Output, [UInt8]) -> Void
  ) async throws -> SpawnedProcess {
    try await SpawnThread.shared.run {
      let process = try SpawnedProcess(executable, arguments, environment: environment, directory: directory)
      // From here, so that also the thread sanitizer sees what it comes after.
      startThread { process.follow(handler) }
      return process
    }
  }

  private init(_ executable: String, _ arguments: [String], environment: [String: String], directory: String) throws {
    // env changes the folder, setpriv asks for the parent-death signal; each becomes the next, so the id is the program's.
    let command = ["env", "-C", directory, "setpriv", "--pdeathsig", "KILL", "--", executable] + arguments
    let output = try Self.openPipe()
    let error = try Self.openPipe()
    defer {
      close(output.write)
      close(error.write)
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output.write, 1)
    posix_spawn_file_actions_adddup2(&actions, error.write, 2)
    // Not a list made before: a descriptor that another test opens meanwhile would live on in the child, and its far
    // end would never see it closed.
    clinux_spawn_closes_from(&actions, 3)

    // The event loop ignores SIGPIPE in this process; a child must not inherit that.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

    var child: pid_t = 0
    let code = withCStrings(command) { arguments in
      withCStrings(environment.map { "\($0)=\($1)" }) { environment in
        posix_spawnp(&child, command[0], &actions, &attributes, arguments, environment)
      }
    }
    guard code == 0 else {
      close(output.read)
      close(error.read)
      throw SpawnFailed(description: "\(executable): \(String(cString: strerror(code)))")
    }
    pid = child
    pipes = [
      Pipe(descriptor: output.read, output: .standardOutput), Pipe(descriptor: error.read, output: .standardError),
    ]
  }

  private static func openPipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw SpawnFailed(description: "pipe: \(String(cString: strerror(errno)))") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  /// Reads both pipes to their ends, or until the child has exited and what it wrote is read: a grandchild may keep them.
  private func follow(_ handler: (Output, [UInt8]) -> Void) {
    var open = pipes
    var buffer = [UInt8](repeating: 0, count: 65536)
    var hasExited = false
    while !open.isEmpty {
      var polls = open.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
      let ready = poll(&polls, nfds_t(polls.count), hasExited ? 0 : 50)
      guard ready > 0 else {
        if hasExited { break }
        hasExited = isExited(waiting: false)
        continue
      }
      for (place, entry) in polls.enumerated().reversed() where entry.revents != 0 {
        let count = read(entry.fd, &buffer, buffer.count)
        if count > 0 {
          handler(open[place].output, Array(buffer[..<count]))
        } else {
          open.remove(at: place)
        }
      }
    }
    _ = isExited(waiting: true)
    for pipe in pipes { close(pipe.descriptor) }
    reap()
  }

  private func isExited(waiting: Bool) -> Bool {
    var info = siginfo_t()
    while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT | (waiting ? 0 : WNOHANG)) < 0 {
      guard errno == EINTR else { return true }
    }
    return info.si_signo == SIGCHLD
  }

  private func reap() {
    condition.lock()
    defer { condition.unlock() }
    var raw: Int32 = 0
    while waitpid(pid, &raw, 0) < 0, errno == EINTR {}
    status = raw & 0x7F == 0 ? .code(raw >> 8 & 0xFF) : .signal(raw & 0x7F)
    condition.broadcast()
  }

  /// Nil while it runs.
  package var exitStatus: SpawnedExit? {
    condition.lock()
    defer { condition.unlock() }
    return status
  }

  /// Sends a signal; nothing is sent once the process has been reaped, when its id may be another's.
  package func signal(_ number: Int32) {
    condition.lock()
    defer { condition.unlock() }
    if status == nil { kill(pid, number) }
  }

  /// Waits for the exit and the end of the output; nil if that takes longer than `limit`.
  package func exit(within limit: Duration) async throws -> SpawnedExit? {
    try await onOwnThread { [self] in
      let end = Date().addingTimeInterval(limit.inSeconds)
      condition.lock()
      defer { condition.unlock() }
      while status == nil, condition.wait(until: end) {}
      return status
    }
  }

  /// SIGKILL, if it still runs, and waits until it is gone.
  package func stop() async throws {
    signal(SIGKILL)
    _ = try await exit(within: .seconds(30))
  }
}

/// Calls `body` with a null-terminated array of C strings.
private func withCStrings<Value>(
  _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Value
) -> Value {
  var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
  pointers.append(nil)
  defer { for pointer in pointers { free(pointer) } }
  return pointers.withUnsafeMutableBufferPointer { buffer in
    guard let base = buffer.baseAddress else { preconditionFailure("the array ends with nil") }
    return body(base)
  }
}

import Glibc

/// A program that a test runs; ended and waited for at the latest by `end`.
// Safe: one task at a time uses it; a shared origin's is not used after it has started.
final class ChildProgram: @unchecked Sendable {
  let pid: pid_t
  private let input: Int32
  private let output: Int32
  private var isWaitedFor = false

  /// `environment` is added to the test's own. Standard error goes where standard output goes.
  init(_ arguments: [String], environment: [String: String] = [:]) throws {
    var toChild: [Int32] = [0, 0]
    var fromChild: [Int32] = [0, 0]
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &toChild) == 0, socketpair(AF_UNIX, type, 0, &fromChild) == 0 else {
      throw Failure.pipe
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
    posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
    posix_spawn_file_actions_adddup2(&actions, fromChild[1], 2)
    var argv = arguments.map { strdup($0) } + [nil]
    var envp = ChildProgram.environment(adding: environment).map { strdup($0) } + [nil]
    defer { for text in argv + envp { free(text) } }
    var pid = pid_t()
    let code = posix_spawnp(&pid, arguments[0], &actions, nil, &argv, &envp)
    close(toChild[0])
    close(fromChild[1])
    self.pid = pid
    input = toChild[1]
    output = fromChild[0]
    guard code == 0 else { throw Failure.spawn(code) }
  }

  enum Failure: Error {
    case pipe
    case spawn(Int32)
    case noLine
  }

  private static func environment(adding: [String: String]) -> [String] {
    var result: [String] = []
    var next = environ
    while let entry = next.pointee {
      let text = String(cString: entry)
      if !adding.keys.contains(where: { text.hasPrefix("\($0)=") }) { result.append(text) }
      next += 1
    }
    return result + adding.map { "\($0.key)=\($0.value)" }
  }

  func readLine() throws -> String {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while read(output, &byte, 1) == 1 {
      if byte == 0x0a { return String(decoding: line, as: UTF8.self) }
      line.append(byte)
    }
    throw Failure.noLine
  }

  /// Everything it says, and its exit status (128 + signal when killed). Blocks until it ends.
  func wait() -> (output: String, status: Int32) {
    var text: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(output, &block, block.count)
      guard count > 0 else { break }
      text += block.prefix(count)
    }
    return (String(decoding: text, as: UTF8.self), reap())
  }

  private func reap() -> Int32 {
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    isWaitedFor = true
    return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
  }

  func end() {
    close(input)
    close(output)
    guard !isWaitedFor else { return }
    kill(pid, SIGKILL)
    _ = reap()
  }
}

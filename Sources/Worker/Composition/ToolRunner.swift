internal import ChildProcess
internal import EventLoop
internal import Glibc
internal import Synchronization

/// Runs a short command and gives its standard output: how the worker asks FFmpeg what it can do.
struct ToolRunner: Sendable {
  let spawner: ChildSpawner
  let home: EventLoop
  let executable: String
  private static let longest = 1 << 20
  private static let timeout = Duration.seconds(10)

  init(spawner: ChildSpawner, home: EventLoop, executable: String) {
    self.spawner = spawner
    self.home = home
    self.executable = executable
  }

  /// Nil if it cannot be started, fails, or takes longer than ten seconds. Output after the first MiB is dropped.
  func output(_ arguments: [String]) async -> String? {
    let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
    let request = ChildRequest(
      executable: executable, arguments: arguments, environment: ["PATH": path, "LC_ALL": "C"])
    return await withCheckedContinuation { continuation in
      spawner.spawn(request, home: home) { [home] result in
        switch result {
        case .failure: continuation.resume(returning: nil)
        case .success(let child): ToolRun(child, home: home, continuation).start()
        }
      }
    }
  }

  /// One run. Keeps itself alive through the child's handlers until the exit.
  private final class ToolRun {
    private let child: ChildProcess
    private let home: EventLoop
    private let continuation: CheckedContinuation<String?, Never>
    private var bytes: [UInt8] = []
    private var watch: DescriptorWatch?
    private var deadline: LoopTimer?

    init(_ child: ChildProcess, home: EventLoop, _ continuation: CheckedContinuation<String?, Never>) {
      self.child = child
      self.home = home
      self.continuation = continuation
    }

    func start() {
      deadline = home.schedule(after: ToolRunner.timeout) { [unowned self] in child.kill() }
      watch = home.watchReadable(child.standardOutput) { [unowned self] in readSome() }
      child.onExit = { [self] status in finish(status) }
    }

    private func readSome() {
      var piece = [UInt8](repeating: 0, count: 16_384)
      while true {
        let count = read(child.standardOutput, &piece, piece.count)
        guard count > 0 else {
          if count == 0 { watch = nil }
          return
        }
        if bytes.count < ToolRunner.longest { bytes += piece[..<count] }
      }
    }

    private func finish(_ status: ChildExitStatus) {
      readSome()
      watch = nil
      deadline = nil
      let text = String(decoding: bytes, as: UTF8.self)
      continuation.resume(returning: status == .exited(code: 0) ? text : nil)
    }
  }
}

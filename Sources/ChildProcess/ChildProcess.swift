internal import CLinux
package import EventLoop
internal import Glibc

/// A running child process, confined to its home loop. It keeps itself alive until the process has ended and been
/// reaped; who wants to be rid of it calls `terminate`.
///
/// Handlers run on the home loop; those that are set in the completion of `ChildSpawner.spawn` miss nothing.
package final class ChildProcess {
  /// Also the number of its process group.
  package let pid: Int32
  package let home: EventLoop
  /// The end of the child's standard output to read from, not blocking. The owner watches and reads it, also after the
  /// exit until its end or EAGAIN; it is closed by `closeStandardOutput` or with the last reference. -1 when closed.
  package private(set) var standardOutput: Int32
  /// The end of the child's standard input to write to, a socket, not blocking; -1 if it was not asked for, or is closed.
  package private(set) var standardInput: Int32
  /// Nil while it runs.
  package private(set) var exitStatus: ChildExitStatus?

  /// Each line of standard error: without its end, at most 4 KiB (the rest is dropped), invalid UTF-8 repaired.
  package var onErrorLine: ((String) -> Void)?
  /// Each line that the child writes to descriptor 3, likewise.
  package var onProgressLine: ((String) -> Void)?
  /// Once, after the last line of standard error and of descriptor 3, when the process has been reaped.
  package var onExit: ((ChildExitStatus) -> Void)?

  private let pidfd: Int32
  private var machine = TeardownStateMachine()
  private var tail: LineTail
  private var errorReader: LineReader?
  private var progressReader: LineReader?
  private var exitWatch: DescriptorWatch?
  private var graceTimer: LoopTimer?
  private let ended: () -> Void

  /// Takes over the descriptors. `ended` is called after `onExit`.
  init(_ launched: Launched, home: EventLoop, tailLimit: TailLimit, ended: @escaping () -> Void) {
    pid = launched.pid
    pidfd = launched.pidfd
    self.home = home
    self.ended = ended
    standardOutput = launched.standardOutput
    standardInput = launched.standardInput ?? -1
    tail = LineTail(limit: tailLimit)
    errorReader = LineReader(descriptor: launched.standardError) { [unowned self] in errorLine($0) }
    progressReader = launched.progress.map { LineReader(descriptor: $0) { [unowned self] in onProgressLine?($0) } }
  }

  /// From here on it lives until the process has ended: the watch of its exit holds it.
  func supervise() {
    errorReader?.start(on: home)
    progressReader?.start(on: home)
    exitWatch = home.watchReadable(pidfd) { self.leaderExited() }
  }

  deinit {
    closeStandardInput()
    closeStandardOutput()
    close(pidfd)
  }

  /// The last lines of standard error, within the request's `tailLimit`.
  package var errorTail: [String] { tail.lines }

  private func errorLine(_ line: String) {
    tail.append(line)
    onErrorLine?(line)
  }

  /// The child finds the end of its standard input. Cancel a watch of the descriptor before.
  package func closeStandardInput() {
    if standardInput >= 0 { close(standardInput) }
    standardInput = -1
  }

  /// The child gets SIGPIPE at its next write. Cancel a watch of the descriptor before.
  package func closeStandardOutput() {
    if standardOutput >= 0 { close(standardOutput) }
    standardOutput = -1
  }
}

extension ChildProcess {
  /// SIGTERM to the process group; SIGKILL to it if the child has not ended `grace` from now. A second call can make
  /// the grace shorter; otherwise, and after the end, it does nothing.
  package func terminate(grace: Duration) {
    home.assertInLoop()
    switch machine.terminateRequested(deadline: .now + max(grace, .zero)) {
    case .sendTerminate(let deadline):
      signalGroup(SIGTERM)
      startGrace(grace, until: deadline)
    case .moveDeadline(let deadline): startGrace(grace, until: deadline)
    case .doNothing: break
    }
  }

  /// SIGKILL to the process group, at once. The exit is reported as ever.
  package func kill() {
    home.assertInLoop()
    perform(machine.killRequested())
  }

  private func startGrace(_ grace: Duration, until deadline: TeardownStateMachine.Instant) {
    graceTimer = home.schedule(after: grace) { [unowned self] in perform(machine.graceElapsed(deadline: deadline)) }
  }

  private func perform(_ action: TeardownStateMachine.KillAction) {
    switch action {
    case .sendKill: signalGroup(SIGKILL)
    case .doNothing: break
    }
  }

  /// Only before the leader is reaped: until then nobody else can have its number.
  private func signalGroup(_ signal: Int32) {
    // A leader that has changed its group is not among those that the first call reaches.
    if getpgid(pid) != pid { _ = clinux_signal_child(pidfd, signal) }
    _ = Glibc.kill(-pid, signal)
  }

  private func leaderExited() {
    guard let status = readStatus(reaping: false) else { return }
    switch machine.leaderExited() {
    case .killGroupAndReap: finish(status)
    case .doNothing: break
    }
  }

  private func finish(_ status: ChildExitStatus) {
    exitWatch?.cancel()
    exitWatch = nil
    graceTimer = nil
    _ = Glibc.kill(-pid, SIGKILL)
    errorReader?.finish()
    progressReader?.finish()
    _ = readStatus(reaping: true)
    exitStatus = status
    let handler = onExit
    (onErrorLine, onProgressLine, onExit) = (nil, nil, nil)
    handler?(status)
    ended()
  }

  /// Nil while it runs.
  private func readStatus(reaping: Bool) -> ChildExitStatus? {
    var code: Int32 = 0
    var signal: Int32 = 0
    switch clinux_child_status(pidfd, reaping ? 1 : 0, &code, &signal) {
    case 0: return nil
    case 1: return signal == 0 ? .exited(code: code) : .signaled(signal: signal)
    default: return .exited(code: 255)
    }
  }
}

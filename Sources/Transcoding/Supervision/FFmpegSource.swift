internal import ChildProcess
internal import EventLoop
internal import Glibc

/// An FFmpeg whose output pipe is the stream. What it writes to the pipe is read to its end, at the pace of the log,
/// even when the process has exited before.
///
/// ```
///   preparing ──▶ spawning ──▶ running ──exit, end of pipe (both)──▶ over
///       └──close──▶ over           └──close──▶ SIGTERM, grace, SIGKILL ──▶ reaped
/// ```
final class FFmpegSource: MediaSource {
  /// Makes the child's request, once: a name may have to be resolved for it.
  typealias Preparation = @Sendable () async -> Result<ChildRequest, SourceFailure>

  private enum State {
    /// Exits: spawning, over.
    case preparing
    /// Asked for, not there yet. Exits: the process, or an error.
    case spawning
    /// Exits: reaped.
    case running
    /// Not there, or no more.
    case over
  }

  private static let readBytes = 131_072
  private static let readsInATurn = 4

  private let spawner: ChildSpawner
  private let prepare: Preparation
  private let loop: EventLoop
  private var handler: ((MediaSourceEvent) -> Void)?
  private var closed: (() -> Void)?
  /// Not nil: it is being closed, and killed so long after SIGTERM.
  private var closingGrace: Duration?
  private var state = State.over
  private var child: ChildProcess?
  private var watch: DescriptorWatch?
  private var isHeld = false
  private var isAtEnd = false
  private var hasOutput = false
  private var exit: ChildExitStatus?
  private var input = InputReport()
  private var progress = FFmpegProgress()
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: readBytes, alignment: 16)

  init(spawner: ChildSpawner, loop: EventLoop, prepare: @escaping Preparation) {
    self.spawner = spawner
    self.loop = loop
    self.prepare = prepare
  }

  deinit { buffer.deallocate() }

  func open(_ handler: @escaping (MediaSourceEvent) -> Void) {
    self.handler = handler
    state = .preparing
    let source = LoopBound(self, loop: loop)
    Task { [prepare, loop] in
      let request = await prepare()
      loop.execute { source.value.prepared(request) }
    }
  }

  private func prepared(_ request: Result<ChildRequest, SourceFailure>) {
    guard case .preparing = state else { return }
    switch request {
    case .success(let request):
      state = .spawning
      let source = LoopBound(self, loop: loop)
      spawner.spawn(request, home: loop) { result in source.value.spawned(result) }
    case .failure(let failure):
      state = .over
      emitLast(.failed(failure))
    }
  }

  private func spawned(_ result: Result<ChildProcess, SpawnError>) {
    switch result {
    case .success(let child):
      self.child = child
      state = .running
      child.onExit = { [self] status in exited(status) }
      child.onErrorLine = { [weak self] line in self?.errorLine(line) }
      child.onProgressLine = { [weak self] line in self?.progressLine(line) }
      if let closingGrace { return terminate(closingGrace) }
      watch = loop.watchReadable(child.standardOutput) { [weak self] in self?.readSome() }
      if isHeld { watch?.disable() }
      handler?(.process(child.pid))
    case .failure(let error):
      state = .over
      if closingGrace != nil { return finishClosing() }
      emitLast(.failed(.ffmpegMissing(error.message)))
    }
  }

  // MARK: Output

  private func readSome() {
    for _ in 0..<Self.readsInATurn {
      guard let child, !isHeld, !isAtEnd, handler != nil else { return }
      let count = read(child.standardOutput, buffer.baseAddress, buffer.count)
      if count > 0 {
        hasOutput = true
        handler?(.bytes(UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])))
        if count < buffer.count { return }
      } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
        isAtEnd = true
        watch = nil
        return endIfOver()
      } else {
        return
      }
    }
  }

  func hold() {
    isHeld = true
    watch?.disable()
  }

  func resume() {
    isHeld = false
    watch?.enable()
  }

  // MARK: Input

  /// The socket that is FFmpeg's standard input, not blocking; -1 if it has none, or no more.
  var standardInput: Int32 { child?.standardInput ?? -1 }

  /// FFmpeg finds the end of its input. Who writes to it has been taken off.
  func endInput() { child?.closeStandardInput() }

  // MARK: What FFmpeg says

  private func errorLine(_ line: String) {
    guard input.take(line) else {
      handler?(.alive)
      return
    }
    handler?(.mediaInfo(input: input.inputFields, output: input.outputFields))
  }

  private func progressLine(_ line: String) {
    for report in progress.feed((line + "\n").utf8) { handler?(.progress(report)) }
  }

  // MARK: The end

  private func exited(_ status: ChildExitStatus) {
    exit = status
    state = .over
    if closingGrace != nil { return finishClosing() }
    endIfOver()
  }

  private func endIfOver() {
    guard let exit, isAtEnd else { return }
    let tail = input.lastTrouble ?? child?.errorTail.last
    let code: Int32 =
      switch exit {
      case .exited(let code): code
      case .signaled(let signal): 128 + signal
      }
    handler?(.exited(code: code))
    child = nil
    if code == 0 { return emitLast(.ended(isComplete: input.isFinite)) }
    let status = hasOutput ? nil : input.httpStatus
    emitLast(.failed(status.map { .httpStatus($0) } ?? .ffmpegExited(code: code, lastLine: tail)))
  }

  private func emitLast(_ event: MediaSourceEvent) {
    let handler = handler
    self.handler = nil
    handler?(event)
  }

  func close(grace: Duration, _ closed: @escaping () -> Void) {
    handler = nil
    self.closed = closed
    closingGrace = grace
    watch = nil
    switch state {
    case .preparing:
      state = .over
      finishClosing()
    case .spawning: break
    case .running: terminate(grace)
    case .over: finishClosing()
    }
  }

  private func terminate(_ grace: Duration) {
    // FFmpeg may be blocked in a write to us: a closed pipe lets it see the signal.
    child?.closeStandardOutput()
    child?.closeStandardInput()
    child?.terminate(grace: grace)
  }

  private func finishClosing() {
    let closed = closed
    self.closed = nil
    child = nil
    closed?()
  }
}

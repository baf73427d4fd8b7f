import ChildProcess
import EventLoop
import Glibc
import Synchronization
import Testing

/// A spawner with loops of its own, drained and stopped at the end.
struct Children: Sendable {
  let control = EventLoop(name: "control")
  let home = EventLoop(name: "home")
  let spawner: ChildSpawner

  private init() { spawner = ChildSpawner(control: control) }

  static func with(_ body: (Children) async throws -> Void) async throws {
    let children = Children()
    let result: Result<Void, any Error>
    do { result = .success(try await body(children)) } catch { result = .failure(error) }
    await children.spawner.drain(grace: .zero)
    #expect(children.spawner.processesRunning == 0)
    children.home.stop()
    children.control.stop()
    try result.get()
  }

  func start(_ request: ChildRequest, home: EventLoop? = nil) async throws -> RunningChild {
    try await start(request, by: spawner, home: home ?? self.home)
  }

  func start(_ request: ChildRequest, by spawner: ChildSpawner, home: EventLoop) async throws -> RunningChild {
    let result = await withCheckedContinuation { (done: CheckedContinuation<Result<RunningChild, SpawnError>, Never>) in
      spawner.spawn(request, home: home) { result in
        #expect(home.isCurrent)
        done.resume(returning: result.map { RunningChild($0) })
      }
    }
    return try result.get()
  }

  /// Waits until the children that have ended are counted and released, which is a little after their `onExit`.
  func settle() async {
    #expect(await eventually { spawner.processesRunning == 0 })
    await withCheckedContinuation { done in home.execute { done.resume() } }
  }

  func run(_ request: ChildRequest) async throws -> RunningChild.Record {
    let child = try await start(request)
    return try await child.finished()
  }

  /// The error that a request must end with.
  func failure(_ request: ChildRequest) async throws -> SpawnError {
    do {
      _ = try await start(request)
    } catch let error as SpawnError { return error }
    throw Unexpected(what: "\(request.executable) was started")
  }
}

struct Unexpected: Error { let what: String }

extension ChildRequest {
  static func shell(_ script: String) -> ChildRequest {
    ChildRequest(executable: "/bin/sh", arguments: ["-c", script], environment: ["PATH": "/usr/bin:/bin"])
  }
}

/// A child whose output is read on its home loop and of which everything is recorded.
final class RunningChild: Sendable {
  struct Record: Sendable {
    var output: [UInt8] = []
    var outputEnded = false
    var errors: [String] = []
    var progress: [String] = []
    var statuses: [ChildExitStatus] = []
    /// What had been recorded when the exit was reported.
    var linesAtExit = 0
    var tail: [String] = []
    var text: String { String(decoding: output, as: UTF8.self) }
    var lines: [String] { text.split(separator: "\n").map(String.init) }
    var status: ChildExitStatus? { statuses.first }
  }

  let pid: Int32
  private let child: LoopBound<ChildProcess>
  private let record = Mutex(Record())

  /// On the home loop.
  init(_ process: ChildProcess) {
    pid = process.pid
    child = LoopBound(process, loop: process.home)
    process.onErrorLine = { [self] line in record.withLock { $0.errors.append(line) } }
    process.onProgressLine = { [self] line in record.withLock { $0.progress.append(line) } }
    let watch = Holder<DescriptorWatch>()
    watch.value = process.home.watchReadable(process.standardOutput) { [self, unowned process] in
      if !readOutput(process.standardOutput) { watch.value = nil }
    }
    process.onExit = { [self, unowned process] status in
      watch.value = nil
      while readOutput(process.standardOutput) {}
      process.closeStandardOutput()
      record.withLock {
        $0.statuses.append(status)
        $0.linesAtExit = $0.errors.count + $0.progress.count
        $0.tail = process.errorTail
      }
    }
  }

  /// False at the end, or when there is nothing to read.
  private func readOutput(_ descriptor: Int32) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65536)
    let count = read(descriptor, &buffer, buffer.count)
    record.withLock {
      if count > 0 { $0.output += buffer[..<count] }
      if count == 0 { $0.outputEnded = true }
    }
    return count > 0
  }

  var now: Record { record.withLock { $0 } }

  /// Runs `body` on the home loop, without waiting for it.
  func act(_ body: @escaping @Sendable (ChildProcess) -> Void) { child.loop.execute { [child] in body(child.value) } }

  func finished(within limit: Duration = .seconds(30)) async throws -> Record {
    guard await eventually(within: limit, { record.withLock { !$0.statuses.isEmpty } }) else {
      throw Unexpected(what: "\(pid) has not ended")
    }
    return now
  }

  /// Waits for a line of standard output.
  func line(_ index: Int = 0) async throws -> String {
    guard await eventually({ now.output.count(where: { $0 == 10 }) > index }) else {
      throw Unexpected(what: "no line \(index)")
    }
    return now.lines[index]
  }
}

final class Holder<Value> {
  var value: Value?
}

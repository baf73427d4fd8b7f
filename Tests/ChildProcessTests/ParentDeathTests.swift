import ChildProcess
import EventLoop
import Glibc
import Testing

/// A child does not outlive who started it.
@Suite(.timeLimit(.minutes(1))) struct ParentDeathTests {
  @Test func aChildDiesWithTheThreadThatForkedIt() async throws {
    try await Children.with { children in
      let temporary = EventLoop(name: "temporary")
      let spawner = ChildSpawner(control: temporary)
      let request = ChildRequest(executable: "/bin/sleep", arguments: ["1000"])
      let child = try await children.start(request, by: spawner, home: children.home)
      #expect(!isGone(child.pid))
      temporary.stop()
      #expect(try await child.finished(within: .seconds(2)).statuses == [.signaled(signal: SIGKILL)])
    }
  }

  /// The process that starts the child here is killed like a worker: nothing in it can clean up.
  @Test func aChildDiesWithItsKilledWorker() async throws {
    let result = await #expect(processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]) {
      try await Children.with { children in
        let stubborn = ChildRequest.shell("trap '' TERM HUP INT PIPE; echo ready; exec sleep 1000")
        let child = try await children.start(stubborn)
        _ = try await child.line()
        let text = "\nchild=\(child.pid)\n"
        write(STDOUT_FILENO, text, text.utf8.count)
        kill(getpid(), SIGKILL)
      }
    }
    let end = ContinuousClock.now
    let output = String(decoding: try #require(result).standardOutputContent, as: UTF8.self)
    let line = try #require(output.split(separator: "\n").first { $0.hasPrefix("child=") })
    let pid = try #require(Int32(line.dropFirst(6)))
    #expect(await eventually(within: .seconds(2)) { isGone(pid) })
    #expect(end.duration(to: .now) < .seconds(2))
  }
}

import ChildProcess
import EventLoop
import Glibc
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2))) struct TeardownTests {
  private static let stubborn = ChildRequest.shell("trap '' TERM; echo ready; while :; do sleep 1; done")

  @Test func aChildEndsBySIGTERM() async throws {
    try await Children.with { children in
      let child = try await children.start(ChildRequest(executable: "/bin/sleep", arguments: ["1000"]))
      child.act { $0.terminate(grace: .seconds(100)) }
      #expect(try await child.finished().statuses == [.signaled(signal: SIGTERM)])
    }
  }

  @Test func aChildMayEndByItselfWithinTheGrace() async throws {
    try await Children.with { children in
      let child = try await children.start(
        .shell("trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 1; done"))
      _ = try await child.line()
      child.act { $0.terminate(grace: .seconds(100)) }
      let record = try await child.finished()
      #expect(record.statuses == [.exited(code: 3)])
      #expect(record.text == "ready\nbye\n")
    }
  }

  @Test func aChildThatIgnoresSIGTERMIsKilledAfterTheGrace() async throws {
    try await Children.with { children in
      let child = try await children.start(Self.stubborn)
      _ = try await child.line()
      let begin = ContinuousClock.now
      child.act { $0.terminate(grace: .milliseconds(300)) }
      #expect(try await child.finished().statuses == [.signaled(signal: SIGKILL)])
      let elapsed = begin.duration(to: .now)
      #expect(elapsed >= .milliseconds(290))
    }
  }

  @Test func aSecondTerminationShortensTheGraceOnly() async throws {
    try await Children.with { children in
      let child = try await children.start(Self.stubborn)
      _ = try await child.line()
      child.act { child in
        child.terminate(grace: .seconds(100))
        child.terminate(grace: .milliseconds(50))
        child.terminate(grace: .seconds(200))
      }
      #expect(try await child.finished(within: .seconds(20)).statuses == [.signaled(signal: SIGKILL)])
    }
  }

  @Test func aKillIsImmediateAndTheExitIsReportedOnce() async throws {
    try await Children.with { children in
      let child = try await children.start(Self.stubborn)
      _ = try await child.line()
      child.act { child in
        child.kill()
        child.kill()
        child.terminate(grace: .zero)
      }
      _ = try await child.finished()
      let after = Mutex<ChildExitStatus?>(nil)
      child.act { child in
        child.terminate(grace: .zero)
        child.kill()
        after.withLock { $0 = child.exitStatus }
      }
      #expect(await eventually { after.withLock { $0 } == .signaled(signal: SIGKILL) })
      #expect(child.now.statuses == [.signaled(signal: SIGKILL)])
    }
  }

  @Test func aStoppedChildIsKilledToo() async throws {
    try await Children.with { children in
      let child = try await children.start(.shell("echo ready; kill -STOP $$"))
      _ = try await child.line()
      #expect(await eventually { processFields(child.pid)?.first == "T" })
      child.act { $0.terminate(grace: .milliseconds(50)) }
      #expect(try await child.finished().statuses == [.signaled(signal: SIGKILL)])
    }
  }

  /// What the leader leaves behind when it ends by itself, by SIGTERM, and by SIGKILL.
  @Test(arguments: [
    "trap '' TERM; sleep 1000 & echo $!; exit 5", "sleep 1000 & echo $!; wait",
    "trap '' TERM; sleep 1000 & echo $!; while :; do sleep 1; done",
  ])
  func grandchildrenAreGone(script: String) async throws {
    try await Children.with { children in
      let child = try await children.start(.shell(script))
      let grandchild = try #require(Int32(try await child.line()))
      child.act { $0.terminate(grace: .milliseconds(100)) }
      // Its standard error and output are open in the grandchild: nobody waits for their end.
      let record = try await child.finished()
      #expect(record.statuses.count == 1)
      #expect(await eventually(within: .seconds(2)) { isGone(grandchild) })
    }
  }

  @Test func aGrandchildOutsideTheGroupDoesNotHoldTheExitUp() async throws {
    try await Children.with { children in
      let child = try await children.start(.shell("setsid sleep 1000 & echo $!; echo last >&2; exit 6"))
      let grandchild = try #require(Int32(try await child.line()))
      defer { kill(grandchild, SIGKILL) }
      let record = try await child.finished()
      #expect(record.statuses == [.exited(code: 6)])
      #expect(record.errors == ["last"])
    }
  }

  @Test func theLastLinesComeBeforeTheExit() async throws {
    try await Children.with { children in
      // As much as a pipe holds, written at once before the end.
      var request = ChildRequest.shell("seq 10000 13000 >&2; seq 20000 23000 >&3; printf last >&2; printf end >&3")
      request.hasProgress = true
      for _ in 0..<20 {
        let record = try await children.run(request)
        #expect(record.errors.count == 3002 && record.errors.last == "last")
        #expect(record.progress.count == 3002 && record.progress.last == "end")
        #expect(record.linesAtExit == 6004)
        #expect(record.tail.count == 50 && record.tail.last == "last")
      }
    }
  }

  @Test func aDrainEndsEverythingAndRefusesMore() async throws {
    try await Children.with { children in
      let stubborn = try await children.start(Self.stubborn)
      _ = try await stubborn.line()
      let sleeper = try await children.start(ChildRequest(executable: "/bin/sleep", arguments: ["1000"]))
      #expect(children.spawner.processesRunning == 2)
      // Some that are on their way when the drain begins.
      let late = Mutex<[RunningChild]>([])
      for _ in 0..<5 {
        children.spawner.spawn(ChildRequest(executable: "/bin/sleep", arguments: ["1000"]), home: children.home) {
          guard let child = try? $0.get() else { return }
          let running = RunningChild(child)
          late.withLock { $0.append(running) }
        }
      }
      await children.spawner.drain(grace: .milliseconds(200))
      #expect(children.spawner.processesRunning == 0)
      #expect(stubborn.now.statuses == [.signaled(signal: SIGKILL)])
      #expect(sleeper.now.statuses == [.signaled(signal: SIGTERM)])
      #expect(late.withLock { $0.map(\.now.statuses) } == Array(repeating: [.signaled(signal: SIGTERM)], count: 5))
      let error = try await children.failure(ChildRequest(executable: "/bin/true"))
      #expect(error.code == .shuttingDown)
    }
  }
}

import ChildProcess
import EventLoop
import Glibc
import Synchronization
import Testing

/// Many children, and children that say much.
@Suite(.timeLimit(.minutes(5))) struct LoadTests {
  /// In a process of its own, in which nothing else opens descriptors or starts processes.
  @Test func fiveHundredChildrenLeaveNothingBehind() async {
    await #expect(processExitsWith: .success) {
      try await Children.with { children in
        let request = ChildRequest(executable: "/bin/true", hasStandardInput: true, hasProgress: true)
        _ = try await children.run(request)
        await children.settle()
        let before = childDescriptors()
        for _ in 0..<50 {
          try await withThrowingTaskGroup(of: RunningChild.Record.self) { group in
            for _ in 0..<10 { group.addTask { try await children.run(request) } }
            for try await record in group { #expect(record.statuses == [.exited(code: 0)]) }
          }
        }
        _ = try await children.failure(ChildRequest(executable: "/bin/true", workingDirectory: "/nonexistent"))
        await children.settle()
        let deadline = ContinuousClock.now + .seconds(10)
        while childDescriptors() != before, .now < deadline { await Task.yield() }
        #expect(childDescriptors() == before)
        // No child is left, neither running nor as a zombie.
        var information = siginfo_t()
        #expect(waitid(P_ALL, 0, &information, WEXITED | WNOHANG | WNOWAIT) == -1)
        #expect(errno == ECHILD)
      }
    }
  }

  @Test func manyThreadsMaySpawnAtOnce() async throws {
    try await Children.with { children in
      let homes = LoopGroup(count: 3, name: "homes")
      let found = try await withThrowingTaskGroup(of: (Int, RunningChild.Record).self) { group in
        for number in 0..<50 {
          group.addTask {
            let request = ChildRequest.shell("echo out \(number); echo err \(number) >&2; exit \(number)")
            return (number, try await children.start(request, home: homes.next()).finished())
          }
        }
        return try await group.reduce(into: [Int: RunningChild.Record]()) { $0[$1.0] = $1.1 }
      }
      #expect(found.count == 50)
      for (number, record) in found {
        #expect(record.statuses == [.exited(code: Int32(number))])
        #expect(record.text == "out \(number)\n")
        #expect(record.errors == ["err \(number)"])
      }
      await children.settle()
      homes.stop()
    }
  }

  /// Lines, and one line without an end. In a process of its own, whose memory is only this test's.
  @Test func aFloodOnStandardErrorStaysBounded() async {
    await #expect(processExitsWith: .success) {
      try await Children.with { children in
        _ = try await children.run(ChildRequest(executable: "/bin/true"))
        for script in ["yes \(String(repeating: "x", count: 99))", "cat /dev/zero"] {
          let before = residentKilobytes()
          let outcome = await children.flood(.shell("\(script) | head -c 100000000 >&2"))
          #expect(outcome.status == .exited(code: 0))
          #expect(outcome.lines == (script.hasPrefix("yes") ? 1_000_000 : 1))
          #expect(outcome.longest == (script.hasPrefix("yes") ? 99 : 4096))
          #expect(outcome.tailBytes <= 16 * 1024 && outcome.tailBytes > 0)
          let growth = residentKilobytes() - before
          // The address sanitizer keeps what is freed.
          if getenv("ASAN_OPTIONS") == nil { #expect(growth < 50_000, "\(growth) KiB") }
        }
      }
    }
  }
}

private struct Flood: Sendable {
  var lines = 0
  var longest = 0
  var tailBytes = 0
  var status: ChildExitStatus?
}

extension Children {
  /// Counts the lines instead of keeping them.
  fileprivate func flood(_ request: ChildRequest) async -> Flood {
    await withCheckedContinuation { (done: CheckedContinuation<Flood, Never>) in
      spawner.spawn(request, home: home) { result in
        guard let child = try? result.get() else { return done.resume(returning: Flood()) }
        var flood = Flood()
        child.onErrorLine = { line in
          flood.lines += 1
          flood.longest = max(flood.longest, line.utf8.count)
        }
        child.onExit = { [unowned child] status in
          flood.status = status
          flood.tailBytes = child.errorTail.reduce(0) { $0 + $1.utf8.count }
          done.resume(returning: flood)
        }
      }
    }
  }
}

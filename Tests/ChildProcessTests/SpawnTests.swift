import ChildProcess
import EventLoop
import Glibc
import Synchronization
import Testing

/// What a child gets, and what comes back of it.
@Suite(.timeLimit(.minutes(2))) struct SpawnTests {
  @Test func deliversOutputLinesAndStatus() async throws {
    try await Children.with { children in
      var request = ChildRequest.shell(
        "printf 'out\\n'; printf 'one\\rtwo\\n\\377three' >&2; printf 'frame=1\\nend' >&3; exit 7")
      request.hasProgress = true
      let record = try await children.run(request)
      #expect(record.text == "out\n")
      #expect(record.errors == ["one", "two", "\u{FFFD}three"])
      #expect(record.tail == record.errors)
      #expect(record.progress == ["frame=1", "end"])
      #expect(record.linesAtExit == 5)
      #expect(record.statuses == [.exited(code: 7)])
    }
  }

  @Test func theEnvironmentIsExactlyWhatWasGiven() async throws {
    try await Children.with { children in
      let environment = ["A": "1", "EMPTY": "", "WITH": "a = b\tc"]
      let record = try await children.run(ChildRequest(executable: "/usr/bin/env", environment: environment))
      #expect(Set(record.lines) == Set(environment.map { "\($0.key)=\($0.value)" }))
      let empty = try await children.run(ChildRequest(executable: "/usr/bin/env"))
      #expect(empty.text == "")
    }
  }

  @Test func aBareNameIsFoundInPath() async throws {
    try await Children.with { children in
      let own = try await children.run(ChildRequest(executable: "env", environment: ["A": "1"]))
      #expect(own.text == "A=1\n")
      try await withFolder { folder in
        try await writeFile("\(folder)/millrace-probe", "#!/bin/sh\necho \"$0 $1\"\n", mode: "755")
        let path = "relative::/nonexistent:\(folder)"
        let request = ChildRequest(
          executable: "millrace-probe", arguments: ["argument"], environment: ["PATH": path])
        let found = try await children.run(request)
        #expect(found.text == "\(folder)/millrace-probe argument\n")
      }
    }
  }

  @Test func startsInTheWorkingDirectory() async throws {
    try await Children.with { children in
      let record = try await children.run(ChildRequest(executable: "/bin/pwd", workingDirectory: "/usr/bin"))
      #expect(record.text == "/usr/bin\n")
    }
  }

  @Test func standardInputIsEmptyOrAPipe() async throws {
    try await Children.with { children in
      #expect(try await children.run(ChildRequest(executable: "/bin/cat")).text == "")
      let cat = try await children.start(ChildRequest(executable: "/bin/cat", hasStandardInput: true))
      cat.act { child in
        #expect(write(child.standardInput, "hello", 5) == 5)
        child.closeStandardInput()
        #expect(child.standardInput == -1)
      }
      let record = try await cat.finished()
      #expect(record.text == "hello")
      #expect(record.statuses == [.exited(code: 0)])
    }
  }

  @Test(arguments: [false, true]) func inheritsNoDescriptor(hasProgress: Bool) async throws {
    try await Children.with { children in
      // Such as a careless library leaves open in this process.
      let careless = (0..<20).map { _ in open("/dev/null", O_RDONLY) }
      defer { for descriptor in careless { close(descriptor) } }
      #expect(careless.allSatisfy { $0 > 2 })
      let record = try await children.run(
        ChildRequest(executable: "/bin/ls", arguments: ["-l", "/proc/self/fd"], hasProgress: hasProgress))
      let links = record.lines.filter { $0.contains(" -> ") }
      let numbers = links.compactMap { $0.split(separator: " ").dropLast(2).last.flatMap { Int($0) } }
      // The last one is what ls reads the folder with.
      #expect(numbers.sorted() == Array(0...(hasProgress ? 4 : 3)), "\(record.text)")
      #expect(links.contains { $0.hasSuffix("0 -> /dev/null") })
      #expect(links.count { $0.contains("pipe:") } == (hasProgress ? 3 : 2))
    }
  }

  @Test func signalsLimitsAndGroupAreTheChildsOwn() async throws {
    try await Children.with { children in
      let request = ChildRequest(
        executable: "/bin/cat", arguments: ["/proc/self/status", "/proc/self/limits", "/proc/self/stat"],
        memoryLimit: 512 << 20)
      let cat = try await children.start(request)
      let lines = try await cat.finished().lines
      for name in ["SigBlk:", "SigIgn:", "SigCgt:"] {
        let line = try #require(lines.first { $0.hasPrefix(name) })
        #expect(line.split(separator: "\t").last == "0000000000000000", "\(line)")
      }
      let words = lines.map { $0.split(separator: " ") }
      #expect(words.first { $0.starts(with: ["Max", "core"]) }?.dropFirst(4).prefix(2) == ["0", "0"])
      #expect(words.first { $0.starts(with: ["Max", "data"]) }?.dropFirst(3).first == "536870912")
      let stat = try #require(words.last)
      #expect(stat[0] == "\(cat.pid)")
      #expect(stat[4] == "\(cat.pid)", "the process group")
    }
  }

  @Test(arguments: [0, 256 << 10, 1 << 20]) func theOutputPipeIsEnlarged(bytes: Int) async throws {
    try await Children.with { children in
      let request = ChildRequest(executable: "/bin/cat", hasStandardInput: true, outputPipeBytes: bytes)
      let cat = try await children.start(request)
      let size = await withCheckedContinuation { (done: CheckedContinuation<Int32, Never>) in
        cat.act { done.resume(returning: fcntl($0.standardOutput, 1032)) }  // F_GETPIPE_SZ
      }
      // Without privileges a user of many pipes is given less.
      #expect(size == max(bytes, 65536) || (geteuid() != 0 && size > 0))
    }
  }

  @Test func aMemoryLimitStopsAHog() async throws {
    try await Children.with { children in
      var request = ChildRequest.shell("head -c 200000000 /dev/zero | tail >/dev/null")
      #expect(try await children.run(request).statuses == [.exited(code: 0)])
      request.memoryLimit = 64 << 20
      let record = try await children.run(request)
      #expect(record.statuses == [.exited(code: 1)])
      #expect(record.tail.contains { $0.contains("memory exhausted") })
    }
  }

  @Test func aChildMayCloseItsOutputAndLive() async throws {
    try await Children.with { children in
      var request = ChildRequest.shell("exec 1>&- 2>&-; read line; exit 4")
      request.hasStandardInput = true
      let child = try await children.start(request)
      #expect(await eventually { child.now.outputEnded })
      #expect(child.now.statuses.isEmpty)
      #expect(!isGone(child.pid))
      child.act { $0.closeStandardInput() }
      #expect(try await child.finished().statuses == [.exited(code: 4)])
    }
  }

  @Test func aSignalIsReportedAsSuch() async throws {
    try await Children.with { children in
      let record = try await children.run(.shell("kill -SEGV $$"))
      #expect(record.statuses == [.signaled(signal: SIGSEGV)])
    }
  }
}

import FrameEncoding
import Glibc
import TestKit
import Testing

/// The pool with real encoder processes.
@Suite(.timeLimit(.minutes(5))) struct EncoderPoolTests {
  @Test func othersGoOnWhileSomeHang() async throws {
    try await withFixture { fixture in
      let store = try FrameStore(fixture)
      let running = RunningPool(fixture, processes: 3, fault: "hang")
      let marked = try store.add(try await FrameMaker.pictures([1], marked: [1]), name: "marked")
      let good = try store.add(try await FrameMaker.pictures(2..<4))
      async let first = running.encode(store.job(marked, segment: 1))
      async let second = running.encode(store.job(marked, segment: 2))
      _ = try await running.busy(2)
      for number in 3..<9 {
        let report = await running.encode(store.job(good, segment: number)).report
        #expect(report?.segment?.samples == 2)
      }
      #expect(await running.pool.status().running == 2)
      await running.pool.stop()
      #expect(await [first, second] == [.stopped, .stopped])
    }
  }

  @Test func anEncoderThatIsKilledFailsItsJobAlone() async throws {
    try await withFixture { fixture in
      let store = try FrameStore(fixture)
      let running = RunningPool(fixture, processes: 1, fault: "hang")
      let marked = try store.add(try await FrameMaker.pictures([1], marked: [1]), name: "marked")
      let good = try store.add(try await FrameMaker.pictures([2, 3]))
      async let killed = running.encode(store.job(marked, segment: 1))
      let process = try #require(try await running.busy(1).first)
      async let next = running.encode(store.job(good, segment: 2))
      kill(process, SIGKILL)
      #expect(await killed == .crashed(detail: "ended by signal 9"))
      #expect(await next.report?.segment?.samples == 2)
      #expect(await running.pool.status().restarts == [.crash: 1])
    }
  }

  @Test func theFrameThatCrashesAnEncoderIsFoundByCheckingEachAlone() async throws {
    try await withFixture { fixture in
      let store = try FrameStore(fixture)
      let running = RunningPool(fixture, processes: 2, fault: "crash")
      let frames = try store.add(try await FrameMaker.pictures(0..<6, marked: [4]))
      guard case .crashed = await running.encode(store.job(frames)) else { Issue.record("it lives"); return }
      var crashed: [Int] = []
      for (number, frame) in frames.enumerated() {
        switch await running.pool.run(
          .check(base: store.folder.path, frames: [frame], limits: FrameLimits()), fresh: true)
        {
        case .finished(let report): #expect(report.frames == [.good(truncated: false)] && report.segment == nil)
        case .crashed: crashed.append(number)
        case .failed, .timedOut, .notStarted, .stopped: Issue.record("frame \(number)")
        }
      }
      #expect(crashed == [4])
      let rest = store.job(frames.enumerated().filter { $0.offset != 4 }.map(\.element))
      #expect(await running.encode(rest).report?.segment?.samples == 5)
      #expect(try await SegmentReader.numbers(ofFile: store.output(of: rest)) == [0, 1, 2, 3, 5])
    }
  }

  @Test func aHangIsKilledAtTheTimeout() async throws {
    try await withFixture { fixture in
      let store = try FrameStore(fixture)
      let running = RunningPool(fixture, processes: 1, timeout: .seconds(8), fault: "hang")
      let marked = try store.add(try await FrameMaker.pictures([1], marked: [1]), name: "marked")
      let good = try store.add(try await FrameMaker.pictures([2, 3]))
      let began = ContinuousClock.now
      async let hung = running.encode(store.job(marked, segment: 1))
      let process = try #require(try await running.busy(1).first)
      async let next = running.encode(store.job(good, segment: 2))
      #expect(await hung == .timedOut)
      #expect(.now - began >= .seconds(8))
      #expect(await next.report?.segment?.samples == 2)
      #expect(!ProcessTable.isAlive(process))
      #expect(await running.pool.status().restarts == [.timeout: 1])
    }
  }

  @Test func aProcessIsReplacedAfterItsNumberOfRequests() async throws {
    try await withFixture { fixture in
      let store = try FrameStore(fixture)
      let running = RunningPool(fixture, processes: 1, requestsAProcess: 3)
      let job = store.job(try store.add(try await FrameMaker.pictures([2, 3])))
      for _ in 0..<7 { #expect(await running.encode(job).report?.segment?.samples == 2) }
      #expect(await running.pool.status().restarts == [.age: 2])
    }
  }

  @Test func anEncoderHasItsBounds() async throws {
    try await withFixture { fixture in
      let store = try FrameStore(fixture)
      let running = RunningPool(fixture, processes: 1)
      #expect(await running.encode(store.job(try store.add(try await FrameMaker.pictures([2])))).report != nil)
      let process = try #require(await running.pool.status().processIDs.first)
      #expect(getpgid(process) == process)
      let limits = String(decoding: try readFile("/proc/\(process)/limits"), as: UTF8.self)
      let space = limits.split(separator: "\n").first { $0.hasPrefix("Max address space") } ?? ""
      // A sanitizer has mapped terabytes before.
      if getenv("ASAN_OPTIONS") == nil, getenv("TSAN_OPTIONS") == nil { #expect(space.contains(" 1073741824 ")) }
      // Its socket, and the ends of its outputs.
      #expect(ProcessTable.descriptorCount(process) == 3)
      await running.pool.stop()
      #expect(!ProcessTable.isAlive(process))
      let status = await running.pool.status()
      #expect(status.processes == 0 && status.processIDs.isEmpty && status.restarts.isEmpty)
    }
  }

  /// Just below 50,000,000 pixels.
  @Test func aPictureAtTheLimitFitsAnEncodersMemory() async throws {
    try await withFixture { fixture in
      let store = try FrameStore(fixture)
      let running = RunningPool(fixture, processes: 1)
      let pictures = try await FrameMaker.pictures(
        of: "color=gray:size=7070x7070:rate=1", count: 1, options: ["-pix_fmt", "yuvj444p"])
      let report = await running.encode(store.job(try store.add(pictures))).report
      #expect(report?.frames == [.good(truncated: false)])
      #expect(report?.segment?.size == PictureSize(width: 1920, height: 1920))
    }
  }

  @Test func withoutTheProgramNothingStarts() async throws {
    try await withFixture { fixture in
      let store = try FrameStore(fixture)
      let running = RunningPool(fixture, executable: "/nonexistent/millrace-encoder")
      guard case .notStarted(let detail) = await running.encode(store.job([store.input("client_ids/c1/x")])) else {
        Issue.record("started"); return
      }
      #expect(detail.contains("/nonexistent/millrace-encoder"))
    }
  }

  /// In a process of its own, in which nothing else opens descriptors.
  @Test func twoHundredJobsLeaveNothingBehind() async {
    await #expect(processExitsWith: .success) {
      try await withFixture { fixture in
        let store = try FrameStore(fixture)
        let running = RunningPool(fixture, processes: 2, requestsAProcess: 15, fault: "crash")
        let pictures = try await FrameMaker.pictures(0..<3, marked: [2])
        let frames = try store.add(pictures)
        let good = store.job(Array(frames[..<2]))
        #expect(await running.encode(good).report != nil)
        let before = ProcessTable.descriptorCount(ProcessTable.current)
        for number in 0..<200 {
          let outcome = await running.encode(number % 40 == 39 ? store.job(frames, segment: 1) : good)
          #expect((outcome.report == nil) == (number % 40 == 39))
        }
        #expect(await running.encode(good).report != nil)
        try await eventually("the descriptors to be as before") {
          ProcessTable.descriptorCount(ProcessTable.current) <= before + 6
        }
        await running.pool.stop()
        #expect(ProcessTable.children(of: ProcessTable.current, named: "millrace-encode").isEmpty)
        try await eventually("no encoder's descriptors") {
          ProcessTable.descriptorCount(ProcessTable.current) < before
        }
      }
    }
  }
}

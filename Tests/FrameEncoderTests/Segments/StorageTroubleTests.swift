import FrameEncoder
import FrameEncoding
import Glibc
import TestKit
import Testing

/// What is wrong with the disk is no frame's fault, and leaves nothing behind.
@Suite(.timeLimit(.minutes(3))) struct StorageTroubleTests {
  /// In a process of its own, which may write no file beyond 4 KiB for a while.
  @Test func aSegmentThatFindsNoRoomIsTakenBack() async {
    await #expect(processExitsWith: .success) {
      try await withFixture { fixture in
        let store = try FrameStore(fixture)
        let job = store.job(try store.add(try await FrameMaker.pictures(0..<6)))
        let runner = JobRunner()
        signal(SIGXFSZ, SIG_IGN)
        try limitFiles(to: 4096)
        let result = runner.run(.encode(job))
        try limitFiles(to: nil)
        guard case .failure(let failure) = result else { Issue.record("\(result)"); return }
        #expect(failure.code == .storage && failure.systemError == EFBIG)
        #expect(!exists(store.output(of: job)))
        #expect(try encode(job, by: runner).segment?.samples == 6)
        #expect(try await SegmentReader.numbers(ofFile: store.output(of: job)) == Array(0..<6))
      }
    }
  }

  @Test func anOutputIsWrittenThroughNoLink() async throws {
    try await withFixture { fixture in
      let store = try FrameStore(fixture)
      let job = store.job(try store.add(try await FrameMaker.pictures(0..<2)))
      let target = try store.folder.write([1, 2, 3], to: "target")
      try makeLink(store.output(of: job), to: target)
      guard case .failure(let failure) = JobRunner().run(.encode(job)) else { Issue.record("written"); return }
      #expect(failure.code == .storage && failure.systemError != 0)
      #expect(try readFile(target) == [1, 2, 3])
    }
  }

  @Test func aFolderThatIsGoneIsNamed() {
    var job = EncodeJob(base: "/nonexistent", frames: [FrameInput(path: "x", client: "c", captured: 0)], output: "x")
    guard case .failure(let failure) = JobRunner().run(.encode(job)) else { Issue.record("done"); return }
    #expect(failure.code == .storage && failure.systemError == ENOENT)
    job.base = "relative"
    guard case .failure(let other) = JobRunner().run(.encode(job)) else { Issue.record("done"); return }
    #expect(other.code == .request && other.message.contains("'relative'"))
  }
}

/// Nil: as far as this process may go.
private func limitFiles(to bytes: rlim_t?) throws {
  var limit = rlimit()
  let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
  try #require(getrlimit(resource, &limit) == 0)
  limit.rlim_cur = bytes ?? limit.rlim_max
  try #require(setrlimit(resource, &limit) == 0)
}

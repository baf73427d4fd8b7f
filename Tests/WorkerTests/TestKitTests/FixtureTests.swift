import Foundation
import Synchronization
import TestKit
import Testing

@Suite struct FixtureTests {
  private struct Broken: Error {}

  @Test func tearsDownInReverseOrderAndAlsoAfterAnError() async throws {
    let order = Mutex<[Int]>([])
    await #expect(throws: Broken.self) {
      try await withFixture { fixture in
        for number in 0..<3 { fixture.addTeardown { order.withLock { $0.append(number) } } }
        throw Broken()
      }
    }
    #expect(order.withLock { $0 } == [2, 1, 0])
  }

  @Test func anErrorInATeardownIsReportedAndTheOthersStillRun() async throws {
    let ran = Mutex(false)
    await #expect(throws: Broken.self) {
      try await withFixture { fixture in
        fixture.addTeardown { ran.withLock { $0 = true } }
        fixture.addTeardown { throw Broken() }
      }
    }
    #expect(ran.withLock { $0 })
  }

  @Test func aTemporaryFolderGoesWithItsFixture() async throws {
    let path = try await withFixture { fixture in
      let folder = try fixture.temporaryFolder()
      try folder.write([1, 2, 3], to: "a")
      #expect(try readFile(folder.file("a")) == [1, 2, 3])
      return folder.path
    }
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func waitingEndsWithTheConditionOrSaysWhatItWaitedFor() async throws {
    var asked = 0
    try await eventually("the third question", polling: .milliseconds(1)) {
      asked += 1
      return asked == 3
    }
    #expect(asked == 3)
    let error = await #expect(throws: WaitTimeout.self) {
      try await eventually("water to flow uphill", within: .milliseconds(20)) { false }
    }
    #expect(error?.description.contains("water to flow uphill") == true)
    #expect(error?.description.contains("FixtureTests.swift") == true)
  }
}

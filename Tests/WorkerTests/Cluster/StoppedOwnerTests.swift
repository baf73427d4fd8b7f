import Foundation
import TestKit
import Testing

extension ClusterTests {
  @Suite struct StoppedOwner {
    @Test func viewersElsewhereGoOnAndTheExitIsClean() async throws {
      try await withFixture { fixture in
        let cluster = try await fixture.cluster(3)
        let owner = cluster.workers[0]
        let id = try await owner.transcode(cluster.source.url("/live.ts"), profile: "720p")
        let viewers = try await cluster.workers.asyncMap { try await fixture.viewer($0, id) }
        for viewer in viewers { try await viewer.waitFor(bytes: 200_000) }
        #expect(try await cluster.owner(of: id)?.pid == owner.pid)
        for viewer in viewers { viewer.forgetGaps() }
        let began = ContinuousClock.now
        #expect(try await owner.terminate() == .code(0))
        print("the owner ended within", began.duration(to: .now))
        for viewer in viewers[1...] {
          try await viewer.waitFor(moreBytes: 300_000)
          print("longest gap of a viewer elsewhere:", viewer.longestGap)
          #expect(viewer.end == nil)
          #expect(viewer.longestGap < .seconds(6))
          try await expectSpliced(try await viewer.stop())
        }
        #expect(cluster.ffmpegs(of: Array(cluster.workers[1...])).count == 1)
      }
    }
  }
}

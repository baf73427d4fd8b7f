import Foundation
import TestKit
import Testing

extension ClusterTests {
  /// SIGTERM of the owner under viewers at the other workers: the successor has media before the stream changes hands.
  @Suite struct StoppedOwner {
    /// SHUTDOWN_GRACE.
    private static let grace = Duration.seconds(8)
    /// Without a handover a picture is missing for more than two seconds: silence, claim, the start of an FFmpeg.
    private static let noGap = Duration.milliseconds(1500)

    @Test func aTranscodeGoesOnElsewhereWithoutAGap() async throws {
      try await withFixture { fixture in
        let cluster = try await fixture.cluster(3)
        let id = try await cluster.workers[0].transcode(cluster.source.url("/live.ts"), profile: "720p")
        for viewer in try await stopOwner(cluster, id, fixture) {
          for joint in TSCaptureChecker.check(viewer.bytes).joints {
            #expect((1...18_000).contains(joint.step), "the clock goes on, but for what B-frames take: \(joint)")
          }
          #expect(try await FFmpegTool.decodeErrors(ofCapture: TSCapture.withoutTornEnd(viewer.bytes)).isEmpty)
        }
        #expect(cluster.ffmpegs(of: Array(cluster.workers[1...])).count == 1)
      }
    }

    @Test func aDirectStreamGoesOnElsewhereWithoutAGap() async throws {
      try await withFixture { fixture in
        let cluster = try await fixture.cluster(3)
        let id = try await cluster.workers[0].relay(cluster.source.url("/live.ts"))
        for viewer in try await stopOwner(cluster, id, fixture) {
          // The clock is the source's, and nothing is left out; the part since its last key frame may come twice,
          // at which a decoder may complain.
          for joint in TSCaptureChecker.check(viewer.bytes).joints {
            #expect((-180_000...9000).contains(joint.step), "\(joint)")
          }
        }
        #expect(cluster.source.openConnections("/live.ts") == 1)
      }
    }

    /// Gives the viewers at the other workers, whose captures are whole and spliced once.
    private func stopOwner(
      _ cluster: ClusterFixture, _ id: String, _ fixture: Fixture
    ) async throws -> [LiveCapture] {
      let owner = cluster.workers[0]
      let viewers = try await cluster.workers.asyncMap { try await fixture.viewer($0, id) }
      for viewer in viewers { try await viewer.waitFor(bytes: 150_000) }
      #expect(try await cluster.owner(of: id)?.pid == owner.pid)
      let began = ContinuousClock.now
      #expect(try await owner.terminate() == .code(0))
      #expect(began.duration(to: .now) < Self.grace)
      for viewer in viewers[1...] {
        try await viewer.waitFor(moreBytes: 150_000)
        #expect(viewer.end == nil)
        let whole = TSCapture.withoutTornEnd(try await viewer.stop())
        let report = TSCaptureChecker.check(whole)
        #expect(report.problems.isEmpty)
        #expect(report.joints.count { report.videoPIDs.contains($0.pid) } == 1)
        #expect(viewer.longestPictureGap(after: began) < Self.noGap)
      }
      return Array(viewers[1...])
    }
  }
}

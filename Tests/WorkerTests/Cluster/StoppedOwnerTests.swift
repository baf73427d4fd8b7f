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
        for viewer in try await stopOwner(cluster, id, fixture, splices: 1) {
          for joint in TSCaptureChecker.check(viewer.bytes).joints {
            #expect((1...18_000).contains(joint.step), "the clock goes on, but for what B-frames take: \(joint)")
          }
          #expect(try await FFmpegTool.decodeErrors(ofCapture: TSCapture.withoutTornEnd(viewer.bytes)).isEmpty)
        }
        #expect(cluster.ffmpegs(of: Array(cluster.workers[1...])).count == 1)
      }
    }

    @Test(arguments: ["/live.ts", "/live.ts?join=anywhere"])
    func aDirectStreamGoesOnElsewhereAtThePacket(_ target: String) async throws {
      try await withFixture { fixture in
        let cluster = try await fixture.cluster(3)
        let id = try await cluster.workers[0].relay(cluster.source.url(target))
        for viewer in try await stopOwner(cluster, id, fixture, splices: 0) {
          let report = TSCaptureChecker.check(viewer.bytes)
          let frames = report.longestStep
          // Pictures of 40 ms, and PES packets of 16 × 1024 samples of sound: none is missing, twice, or behind a flag.
          #expect(frames.values.allSatisfy { $0 <= 30_720 }, "\(frames)")
          #expect(report.videoPIDs.allSatisfy { frames[$0] == 3_600 }, "\(frames)")
          #expect(report.discontinuities.isEmpty)
          #expect(try await FFmpegTool.decodeErrors(ofCapture: TSCapture.withoutTornEnd(viewer.bytes)).isEmpty)
        }
        let joints = cluster.workers[1...].flatMap { $0.logLines(containing: "the source was open already") }
        #expect(joints.count == 1 && joints[0].contains("exact"), "\(joints)")
        #expect(cluster.source.openConnections("/live.ts") == 1)
      }
    }

    /// The part since the last key frame may come twice, behind a splice, at which a decoder may complain.
    @Test func aDirectStreamWhoseConnectionsDifferIsSpliced() async throws {
      try await withFixture { fixture in
        let cluster = try await fixture.cluster(3)
        let id = try await cluster.workers[0].relay(cluster.source.url("/live.ts?packets=own"))
        for viewer in try await stopOwner(cluster, id, fixture, splices: 1) {
          // The clock is the source's, and nothing is left out.
          for joint in TSCaptureChecker.check(viewer.bytes).joints {
            #expect((-180_000...9000).contains(joint.step), "\(joint)")
          }
        }
        #expect(cluster.source.openConnections("/live.ts") == 1)
      }
    }

    /// Gives the viewers at the other workers, whose captures are whole and spliced so often.
    private func stopOwner(
      _ cluster: ClusterFixture, _ id: String, _ fixture: Fixture, splices: Int
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
        #expect(report.joints.count { report.videoPIDs.contains($0.pid) } == splices)
        #expect(viewer.longestPictureGap(after: began) < Self.noGap)
      }
      return Array(viewers[1...])
    }
  }
}

import Foundation
import TestKit
import Testing

/// The table of what happens when a part fails: several workers, one Redis, one source, all of them real processes.
@Suite(.serialized, .timeLimit(.minutes(10))) struct ClusterTests {}

extension ClusterTests {
  @Suite struct KilledOwner {
    @Test func viewersAndPlayersElsewhereGoOn() async throws {
      try await withFixture { fixture in
        let cluster = try await fixture.cluster(3)
        let id = try await cluster.workers[0].transcode(cluster.source.url("/live.ts"), profile: "720p")
        let viewers = try await [0, 1, 2].asyncMap { try await fixture.viewer(cluster.workers[$0], id) }
        for viewer in viewers { try await viewer.waitFor(bytes: 200_000) }
        let owner = try #require(try await cluster.owner(of: id))
        #expect(owner.pid == cluster.workers[0].pid)
        let player = PlayerHLS(ports: cluster.workers.map(\.port), "/hls/\(id)/playlist.m3u8?client_id=player")
        try await player.play(untilSegments: 3, within: .seconds(30))

        let ffmpegs = owner.ffmpegs
        #expect(ffmpegs.count == 1)
        let killed = ContinuousClock.now
        try await owner.kill()
        try await eventually("the dead worker's FFmpeg to be gone", within: .seconds(2)) {
          !ffmpegs.contains(where: ProcessTable.isAlive)
        }
        let survivors = Array(cluster.workers[1...])
        await player.use(ports: survivors.map(\.port))
        let segments = await player.fetched.count
        try await player.play(untilSegments: segments + 6, within: .seconds(30))
        #expect(cluster.ffmpegs(of: survivors).count == 1)

        for viewer in viewers[1...] {
          #expect(viewer.end == nil)
          let bytes = try await viewer.stop()
          try await expectSpliced(bytes)
          let first = try #require(TSCaptureChecker.check(bytes).joints.first)
          let media = try #require(viewer.arrival(ofByte: first.packet * 188))
          print("new media after", killed.duration(to: media), "joints", TSCaptureChecker.check(bytes).joints)
          #expect(killed.duration(to: media) < .seconds(6))
        }
        let problems = await player.problems
        #expect(problems.isEmpty)
        #expect(await player.history.segments.contains { $0.isDiscontinuous })
        try await expectSameSegments(survivors, id)
      }
    }
  }
}

/// A viewer's capture over a takeover: as a receiver sees it, its clock goes on, and a decoder has nothing to say.
func expectSpliced(_ capture: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) async throws {
  let whole = Array(capture.prefix(capture.count / 188 * 188))
  let report = TSCaptureChecker.check(whole)
  #expect(report.problems.isEmpty, sourceLocation: sourceLocation)
  #expect(!report.joints.isEmpty, "no splice", sourceLocation: sourceLocation)
  for joint in report.joints { #expect(joint.step > 0, "\(joint)", sourceLocation: sourceLocation) }
  let errors = try await FFmpegTool.decodeErrors(ofCapture: whole)
  #expect(errors.isEmpty, sourceLocation: sourceLocation)
}

/// What one worker lists, all have, byte for byte.
func expectSameSegments(
  _ workers: [WorkerProcess], _ id: String, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
  let playlist = try HLSPlaylist(try await workers[0].get("/hls/\(id)/playlist.m3u8?client_id=comparer").text)
  for segment in playlist.segments {
    var bodies: [[UInt8]] = []
    for worker in workers {
      let answer = try await worker.get(segment.uri)
      #expect(answer.status == 200, "\(segment.uri)", sourceLocation: sourceLocation)
      bodies.append(answer.body)
    }
    #expect(bodies.allSatisfy { $0 == bodies[0] }, "\(segment.uri)", sourceLocation: sourceLocation)
  }
}

extension Sequence where Element: Sendable {
  /// One after the other.
  func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
    var values: [Value] = []
    for element in self { values.append(try await transform(element)) }
    return values
  }
}

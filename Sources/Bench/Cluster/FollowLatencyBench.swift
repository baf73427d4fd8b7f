import Foundation
import TestKit

/// How much later a viewer at another worker has the same picture than one at the stream's owner.
struct FollowLatencyBench {
  let seconds: Int
  let media: ClusterMedia

  func run() async throws {
    let source = try await media.source()
    let cluster = try await BenchCluster(workers: 2)
    say("a picture at a viewer elsewhere, after its arrival at a viewer at the owner; ms")
    say("                                p50       p95       max         n")
    for stream in media.streams(source) {
      let id = try await cluster.register(stream.path, json: stream.body)
      say("  \(stream.name.padding(toLength: 24, withPad: " ", startingAt: 0))\(try await delays(cluster, id).spread)")
    }
    try await cluster.stop()
    try await source.stop()
  }

  private func delays(_ cluster: BenchCluster, _ id: String) async throws -> [Double] {
    let near = try await cluster.workers[0].capture("/stream/\(id)")
    try await near.waitFor(bytes: 100_000)
    let far = try await cluster.workers[1].capture("/stream/\(id)")
    try await far.waitFor(bytes: 200_000)
    try await far.read(for: .seconds(seconds))
    let (nearBytes, farBytes) = (try await near.stop(), try await far.stop())
    let known = Dictionary(TSCapture.videoFrames(nearBytes).map { ($0.time, $0.offset) }) { first, _ in first }
    // What came at once at the start was there before: the join, not the way.
    return TSCapture.videoFrames(farBytes).dropFirst(100).compactMap { frame in
      guard let offset = known[frame.time], let there = near.arrival(ofByte: offset + 187),
        let here = far.arrival(ofByte: frame.offset + 187)
      else { return nil }
      return there.duration(to: here) / .milliseconds(1)
    }
  }
}

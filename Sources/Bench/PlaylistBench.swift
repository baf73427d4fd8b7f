import FrameEncoding
import FrameRecorder
import Identifiers

/// A device's playlist of a day at a segment each 30 s: rendering it, and reading it back.
enum PlaylistBench {
  static let count = 2_880
  private static let passes = 50
  /// ms
  private static let goal = 20.0

  static func run(isGate: Bool) throws {
    let segments = recording()
    var text: [UInt8] = []
    let rendering = best { text = DevicePlaylist.render(segments, .live, target: 6) }
    var read = 0
    let reading = best { read = ImportedPlaylist.parse(text)?.segments.count ?? 0 }
    precondition(read == count, "the playlist was not understood")
    print("Frame recorder: a playlist of \(count) segments, \(text.count / 1_024) KiB\n  CPU ms   goal   what")
    print("  \(cell(rendering, 2))     \(Int(goal))    rendered")
    print("  \(cell(reading, 2))     -    read back for an import")
    if isGate, rendering > goal {
      throw BenchError("a playlist took \(cell(rendering, 2)) ms to render, the goal is \(goal)")
    }
  }

  /// Milliseconds of the fastest pass.
  private static func best(_ work: () -> Void) -> Double {
    var best = Double.infinity
    for _ in 0..<passes {
      let began = TransportStreamBench.cpuSeconds()
      work()
      best = min(best, TransportStreamBench.cpuSeconds() - began)
    }
    return best * 1_000
  }

  static func recording() -> [RecordedSegment] {
    let session = SessionID.random()
    return (0..<count).map { place in
      let start = FrameTime(milliseconds: 1_795_219_200_000 + Int64(place) * 30_000)
      return RecordedSegment(
        number: UInt64(place), session: session, epoch: Epoch(1), mediaSequence: UInt64(place),
        discontinuitySequence: 0, pts: Int64(place) * 540_000, duration: 540_000, captureStart: start,
        captureEnd: start.advanced(byMilliseconds: 25_000), recorded: start, bytes: 300_000, frames: 6,
        size: PictureSize(width: 1_920, height: 1_080))
    }
  }
}

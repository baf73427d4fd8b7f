import FrameRecorder
import TestKit

/// A device's whole window in fast time, every frame encoded: what is listed, what exists, what it costs, and what goes
/// when the clock moves on.
struct WindowBench {
  private let hours: Int
  private let interval: Int
  private let width: Int
  private let height: Int
  private let moves: [Int]
  private static let perSegment = 6
  private static let pictures = 960
  /// `PROCESSING_RETENTION_HOURS`, ms, and `FRAMES_GRACE_SECONDS` with a second more.
  private static let retention: Int64 = 86_400_000
  private static let grace = 301.0
  private static let requests = 300

  init(_ options: BenchOptions) {
    hours = max(1, options.number("hours", 24))
    interval = max(1, options.number("interval", 5))
    width = max(64, options.number("width", 320))
    height = max(48, options.number("height", 180))
    moves = options.numbers("moves", [1, 5, 12, 25])
  }

  func run() async throws {
    try await withFixture { fixture in
      let made = try await FrameMaker.pictures(0..<Self.pictures, width: width, height: height)
      let scene = try await WindowScene(fixture, made)
      try await scene.record(fixture)
      say("A frame of \(width) x \(height) in \(interval) s for \(hours) h, \(Self.perSegment) a segment, all encoded")
      let before = await scene.processor()
      let began = ContinuousClock.now
      let (frames, archives) = try await fill(scene)
      let wall = (ContinuousClock.now - began) / .seconds(1)
      let after = await scene.processor()
      let segments = frames / Self.perSegment
      say("     value  what")
      row(Double(frames), 0, "frames sent, \(archives) sessions archived on the way")
      row(wall, 1, "s of wall time")
      row(after.own - before.own, 1, "s of CPU: recorder and this load (without Redis)")
      row(after.encoders - before.encoders, 1, "s of CPU: encoders")
      row((after.encoders - before.encoders) * 1_000 / Double(max(1, segments)), 2, "ms of the encoders' CPU a segment")
      try await playlist(scene)
      try await retention(scene, after: Double(hours * 3_600))
    }
  }

  private func row(_ value: Double, _ digits: Int, _ what: String) { say(cell(value, digits) + "  " + what) }

  /// The frames come segment by segment; archives are made each hour.
  private func fill(_ scene: WindowScene) async throws -> (frames: Int, archives: Int) {
    let archiver = Archiver(scene.keeping)
    let span = Self.perSegment * interval
    let segments = hours * 3_600 / span
    var archives = 0
    for segment in 0..<segments {
      let frames = (0..<Self.perSegment).map { place in
        let number = segment * Self.perSegment + place
        return (number: number, second: (number + 1) * interval)
      }
      try await scene.record(frames, pictures: Self.pictures)
      if segment % max(1, 3_600 / span) == 0 { archives += try await archiver.makeDue() }
    }
    return (segments * Self.perSegment, archives + (try await archiver.makeDue()))
  }

  private func playlist(_ scene: WindowScene) async throws {
    let (listed, existing) = try await scene.counts()
    row(Double(listed.count), 0, "segments listed")
    let missing = Set(listed.map(\.number)).subtracting(existing).count
    row(Double(existing.count), 0, "exist; \(missing) of the listed do not")
    var text: [UInt8] = []
    var best = Double.infinity
    for _ in 0..<20 {
      let began = TransportStreamBench.cpuSeconds()
      text = DevicePlaylist.render(listed, .live, target: 6)
      best = min(best, TransportStreamBench.cpuSeconds() - began)
    }
    row(best * 1_000, 2, "ms of CPU to render the playlist (goal 20)")
    let playlists = DevicePlaylists(indexes: DeviceIndexes(store: scene.store), target: 6)
    let first = try await playlists.text(scene.device)
    guard first.bytes == text, let short = await first.gzip() else { throw BenchError("another playlist is served") }
    var times: [Double] = []
    for _ in 0..<Self.requests {
      let began = ContinuousClock.now
      let again = try await playlists.text(scene.device)
      times.append((ContinuousClock.now - began) / .milliseconds(1))
      guard again === first else { throw BenchError("an unchanged playlist was rendered again") }
    }
    row(times.median, 2, "ms for it unchanged, Redis asked (goal 2)")
    row(Double(text.count), 0, "bytes of the playlist")
    row(Double(short.count), 0, "bytes with gzip: 1/\(text.count / short.count) (goal 1/8)")
  }

  private func retention(_ scene: WindowScene, after end: Double) async throws {
    say("\nThe clock moves on; a window of 24 h, then \(Int(Self.grace)) s of grace")
    say("   hours     older    listed  on disk, before and after the grace  exact")
    for hours in moves {
      let (before, _) = try await scene.counts()
      // Not on the moment at which a segment was recorded.
      scene.move(to: end + Double(hours * 3_600) + Double(interval) / 2)
      let now = try await scene.store.now()
      let kept = Set(before.filter { now.milliseconds(since: $0.recorded) <= Self.retention }.map(\.number))
      try await sweep(scene)
      let (listed, waiting) = try await scene.counts()
      let isListExact = Set(listed.map(\.number)) == kept && waiting.isSuperset(of: before.map(\.number))
      scene.move(to: end + Double(hours * 3_600) + Self.grace + Double(interval) / 2)
      try await sweep(scene)
      let (_, left) = try await scene.counts()
      let columns = [before.count - kept.count, listed.count, waiting.count, left.count].map { cell(Double($0), 0) }
      say(cell(Double(hours), 0).dropFirst(2) + columns.joined() + "  " + (isListExact && left == kept ? "yes" : "NO"))
    }
  }

  private func sweep(_ scene: WindowScene) async throws {
    var sweeper = RecordingSweeper(scene.keeping)
    let report = await sweeper.sweep()
    if let error = report.errors.first { throw BenchError(error) }
  }
}

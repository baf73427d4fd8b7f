import FrameRecorder
import Synchronization
import TestKit

/// One device sends thousands of frames at once while others send one a second: how long do these wait, what does the worker
/// hold in memory, and is the burst recorded whole and in order?
struct BacklogBench {
  private let frames: Int
  private let devices: Int
  private static let size = (width: 320, height: 180)
  /// W, and what a device may wait beyond it.
  private static let mostAge = 65.0
  private static let mostGrowth = 128.0

  /// What is known of the others, by device.
  private final class Others: Sendable {
    let sent: Mutex<[[ContinuousClock.Instant]]>
    init(_ devices: Int) { sent = Mutex(Array(repeating: [], count: devices)) }
  }

  init(_ options: BenchOptions) {
    frames = options.number("frames", 20_000)
    devices = max(1, options.number("devices", 50))
  }

  func run() async throws { try await withFixture { try await run($0) } }

  private func run(_ fixture: Fixture) async throws {
    say("\(frames) frames of one device at once, \(devices) others with a frame a second; one worker")
    let pictures = try await FrameMaker.pictures(0..<frames, width: Self.size.width, height: Self.size.height)
    let scene = try await BenchRecording(fixture)
    let paths = try scene.write(pictures)
    let others = try (0..<devices).map { try BenchRecording.device("d\($0)") }
    let known = Others(devices)
    let senders = Task { try await send(others, paths, scene, known) }
    defer { senders.cancel() }
    try await eventually("segments of all", within: .seconds(60), polling: .milliseconds(500)) {
      for device in others where try await scene.recorded(device) < 12 { return false }
      return true
    }

    let burst = try BenchRecording.device("burst")
    let before = scene.worker.residentBytes
    let start = ContinuousClock.now
    try await scene.send(paths.enumerated().map { BenchRecording.frame(burst, $0, path: $1, second: $0) })
    say("sent within \(cell(start.duration(to: .now) / .seconds(1), 1)) s; the worker has \(before >> 20) MiB")
    say("   second   burst recorded   worker MiB   oldest of the others s")
    var (most, oldest, count, line) = (before, 0.0, 0, 0)
    while count < frames {
      guard start.duration(to: .now) < .seconds(3_600) else { throw BenchError("the burst is not recorded: \(count)") }
      count = try await scene.recorded(burst)
      let age = try await oldestAge(others, scene, known)
      (most, oldest) = (max(most, scene.worker.residentBytes), max(oldest, age))
      let elapsed = start.duration(to: .now) / .seconds(1)
      if elapsed >= Double(10 * line) || count == frames {
        line += 1
        let resident = Double(scene.worker.residentBytes >> 20)
        say("\(cell(elapsed, 0))\(cell(Double(count), 0))\(cell(resident, 0))\(cell(age, 1))")
      }
      try await Task.sleep(for: .milliseconds(500))
    }
    let seconds = start.duration(to: .now) / .seconds(1)
    senders.cancel()
    try await senders.value
    let shown = try await scene.shown(burst, width: Self.size.width, height: Self.size.height)
    let grown = Double(most - before) / 1_048_576
    say("recorded in \(cell(seconds, 1)) s, \(cell(Double(frames) / seconds, 0)) frames a second")
    guard shown == (0..<frames).map({ $0 }) else {
      throw BenchError("\(shown.count) pictures decoded: the burst is not whole and in order")
    }
    say("decoded: \(shown.count) pictures, in order and whole")
    say("worker: \(cell(grown, 1)) MiB more at most; goal \(Self.mostGrowth)")
    say("oldest unrecorded frame of the others: \(cell(oldest, 1)) s at most; goal \(Self.mostAge)")
  }

  private func send(_ others: [DevicePair], _ paths: [String], _ scene: BenchRecording, _ known: Others) async throws {
    let start = ContinuousClock.now
    var number = 0
    while !Task.isCancelled {
      let path = paths[number % paths.count]
      try await scene.send(others.map { BenchRecording.frame($0, number, path: path) })
      known.sent.withLock { for place in $0.indices { $0[place].append(.now) } }
      number += 1
      do { try await Task.sleep(until: start + .seconds(number)) } catch { return }
    }
  }

  private func oldestAge(_ others: [DevicePair], _ scene: BenchRecording, _ known: Others) async throws -> Double {
    var oldest = 0.0
    for (place, device) in others.enumerated() {
      let recorded = try await scene.recorded(device)
      let sent = known.sent.withLock { $0[place] }
      if recorded < sent.count { oldest = max(oldest, sent[recorded].duration(to: .now) / .seconds(1)) }
    }
    return oldest
  }
}

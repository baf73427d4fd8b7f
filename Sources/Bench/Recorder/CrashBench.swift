import Foundation
import FrameRecorder
import TestKit

/// Devices that send a frame a second, alone and beside one of which each third frame kills its encoder, in turn: how long
/// is it from the receipt of a frame to its recording, and how much of that is not the wait for its segment's other frames?
struct CrashBench {
  private let devices: Int
  private let rounds: Int
  private let seconds: Int
  private static let size = (width: 640, height: 360)
  private static let most = 0.2

  init(_ options: BenchOptions) {
    devices = max(1, options.number("devices", 20))
    rounds = max(1, options.number("rounds", 3))
    seconds = max(12, options.number("seconds", 36)) / 6 * 6
  }

  func run() async throws { try await withFixture { try await run($0) } }

  private func run(_ fixture: Fixture) async throws {
    say("\(devices) healthy devices with a frame a second, \(rounds) rounds of twice \(seconds) s: alone, and beside")
    say("one of which each third frame kills its encoder; ms from a frame to its recording, and of the last one of")
    say("a segment")
    let pictures = try await FrameMaker.pictures(
      0..<60, width: Self.size.width, height: Self.size.height, marked: Set(stride(from: 0, to: 60, by: 3)))
    let scene = try await BenchRecording(fixture, ["MILLRACE_ENCODER_FAULT": "crash"])
    let paths = try scene.write(pictures)
    let healthy = try (0..<devices).map { try BenchRecording.device("d\($0)") }
    let bad = try BenchRecording.device("bad")
    var sent = 0
    try await send(12, from: &sent, healthy, nil, paths, scene)

    say("                            alone   beside it     ratio")
    var rows: [(alone: [Double], beside: [Double])] = []
    for _ in 0..<rounds {
      let alone = try await phase(&sent, healthy, nil, paths, scene)
      let beside = try await phase(&sent, healthy, bad, paths, scene)
      rows.append((alone, beside))
      show("", alone, beside)
      try await settle(bad, scene)
    }
    let (alone, beside) = (rows.flatMap(\.alone), rows.flatMap(\.beside))
    show("all", alone, beside)
    let ratio = Self.frames(beside).median / Self.frames(alone).median
    say("medians of all frames differ by \(cell(abs(ratio - 1) * 100, 0)) %; goal \(cell(Self.most * 100, 0))")
    let dead = try await scene.metric("millrace_frames_dead_letters_total{reason=\"decoder-crash\"}")
    let good = try await scene.recorded(bad)
    let wanted = rounds * (seconds / 3)
    say("of the bad one: \(Int(dead)) of \(wanted) frames are dead letters,")
    say("\(good) of \(rounds * seconds - wanted) are recorded")
    guard Int(dead) == wanted, good == rounds * seconds - wanted else {
      throw BenchError("frames of the bad one are missing")
    }
  }

  /// What healthy segments that were sent in this phase took, ms.
  private func phase(
    _ sent: inout Int, _ healthy: [DevicePair], _ bad: DevicePair?, _ paths: [String], _ scene: BenchRecording
  ) async throws -> [Double] {
    var last: [DevicePair: UInt64] = [:]
    for device in healthy { last[device] = try await scene.store.segments(device).last?.number }
    try await send(seconds, from: &sent, healthy, bad, paths, scene)
    var found: [Double] = []
    for device in healthy {
      for segment in try await scene.store.segments(device, after: last[device]) {
        found.append(Double(segment.recorded.milliseconds(since: segment.captureEnd)))
      }
    }
    return found
  }

  /// Each device at its own moment of the second; of the healthy ones only pictures that do no harm.
  private func send(
    _ count: Int, from number: inout Int, _ healthy: [DevicePair], _ bad: DevicePair?, _ paths: [String],
    _ scene: BenchRecording
  ) async throws {
    let start = ContinuousClock.now
    for second in 0..<count {
      for (place, device) in healthy.enumerated() {
        try await Task.sleep(until: start + .seconds(second) + .seconds(1) * place / healthy.count)
        let path = paths[(number % 20) * 3 + 1]
        try await scene.send([BenchRecording.frame(device, number, path: path)])
        if place == 0, let bad { try await scene.send([BenchRecording.frame(bad, number, path: paths[number % 60])]) }
      }
      number += 1
    }
    for device in healthy {
      let all = number
      try await eventually("the last segments", within: .seconds(30)) { try await scene.recorded(device) == all }
    }
  }

  /// The bad device's frames have all come to their end.
  private func settle(_ bad: DevicePair, _ scene: BenchRecording) async throws {
    let stream = scene.store.keys.stream(scene.store.keys.partition(of: bad))
    try await eventually("the bad device's frames", within: .seconds(300), polling: .milliseconds(200)) {
      try await scene.redis.command("XLEN", stream) == "0"
    }
  }

  /// Six of a segment, a second apart, by what its last one took.
  private static func frames(_ segments: [Double]) -> [Double] {
    segments.flatMap { last in (0..<6).map { last + Double($0) * 1_000 } }
  }

  private func show(_ name: String, _ alone: [Double], _ beside: [Double]) {
    func row(_ what: String, _ alone: Double, _ beside: Double) {
      let title = name.isEmpty ? what : "\(name) \(what)"
      let padded = title.padding(toLength: 24, withPad: " ", startingAt: 0)
      say("\(padded)\(cell(alone, 0))\(cell(beside, 0))\(cell(beside / alone, 2))")
    }
    row("frames, median", Self.frames(alone).median, Self.frames(beside).median)
    row("frames, p95", Self.frames(alone).quantile(0.95), Self.frames(beside).quantile(0.95))
    row("last frame, median", alone.median, beside.median)
    row("last frame, p95", alone.quantile(0.95), beside.quantile(0.95))
  }
}

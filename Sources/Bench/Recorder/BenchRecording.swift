import EventLoop
import Foundation
import FrameRecorder
import Observability
import Redis
import TestKit

/// A worker that records, with a Redis and a storage of its own. Frames go into the streams without HTTP.
struct BenchRecording: Sendable {
  let redis: RedisServer
  let folder: TemporaryFolder
  let worker: WorkerProcess
  let store: FrameStore
  private static let client = "bench"

  /// `environment`: more of the worker's.
  init(_ fixture: Fixture, _ environment: [String: String] = [:]) async throws {
    redis = try await fixture.redisServer(arguments: ["--appendonly", "yes"])
    folder = try fixture.temporaryFolder("recording")
    let own = [
      "REDIS_URL": "redis://127.0.0.1:\(redis.port)", "WORKER_ID": "w1", "FRAMES_ENABLED": "true",
      "STORAGE_BASE_PATH": folder.path, "STORAGE_LOW_FREE_PERCENT": "0", "STORAGE_MIN_FREE_PERCENT": "0",
    ]
    worker = try await fixture.worker(own.merging(environment) { $1 })
    let loop = EventLoop(name: "bench")
    fixture.addTeardown { loop.stop() }
    store = FrameStore(
      connection: try await redis.connection("bench", loop, fixture), settings: FrameStoreSettings(keys: FrameKeys()))
    try await eventually("the partitions to be read", within: .seconds(30)) { [worker] in
      try await Self.metric("millrace_frames_partitions_owned", of: worker) == 64
    }
  }

  static func device(_ name: String) throws -> DevicePair {
    guard let device = DevicePair("\(client):\(name)") else { throw BenchError("no device \(name)") }
    return device
  }

  /// Files that all devices may name, as paths below the base.
  func write(_ pictures: [[UInt8]]) throws -> [String] {
    let path = StoragePath.frames(try Self.device("pictures")).text
    try FileManager.default.createDirectory(atPath: folder.file(path), withIntermediateDirectories: true)
    return try pictures.enumerated().map { number, picture in
      try folder.write(picture, to: "\(path)/\(number).jpg")
      return "\(path)/\(number).jpg"
    }
  }

  /// Captured now, unless a second is given.
  static func frame(_ device: DevicePair, _ number: Int, path: String, second: Int? = nil) -> IntakeFrame {
    let time = second.map { "\(1_795_000_000 + $0)" } ?? String(format: "%.3f", Date().timeIntervalSince1970)
    return IntakeFrame(
      device,
      event: """
        {"eventId":"\(device)-\(number)","clientId":"\(device.client)","deviceId":"\(device.device)",\
        "timestamp":\(time),"framePath":"\(path)"}
        """)
  }

  func send(_ frames: [IntakeFrame]) async throws {
    var rest = frames[...]
    while !rest.isEmpty {
      for result in try await store.add(Array(rest.prefix(500))) { _ = try result.get() }
      rest = rest.dropFirst(500)
    }
  }

  /// Frames in a device's index.
  func recorded(_ device: DevicePair) async throws -> Int {
    try await store.segments(device).reduce(0) { $0 + $1.frames }
  }

  func metric(_ name: String) async throws -> Double { try await Self.metric(name, of: worker) }

  private static func metric(_ name: String, of worker: WorkerProcess) async throws -> Double {
    let line = try await worker.get("/metrics").text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
    return line?.split(separator: " ").last.flatMap { Double($0) } ?? 0
  }

  /// The numbers that a decoder sees in all listed segments of a device.
  func shown(_ device: DevicePair, width: Int, height: Int) async throws -> [Int?] {
    var bytes: [UInt8] = []
    for segment in try await store.segments(device) {
      bytes += try readFile(folder.file(StoragePath.segment(device, segment.number).text))
    }
    return try await SegmentReader.numbers(ofFile: try folder.write(bytes, to: "all.ts"), width: width, height: height)
  }
}

import Foundation
import TestKit

/// Devices that send a frame a second to a cluster of which one worker is killed at half time: is each frame in exactly one
/// segment of its device, in order, and how soon is the first one recorded after the kill?
struct RecorderBench {
  private let devices: Int
  private let seconds: Int
  /// Seconds between a device's frames.
  private let interval: Int
  private let workers: Int
  private let kills: Bool
  private let waitsForSilence: Bool

  init(_ options: BenchOptions) {
    devices = options.number("devices", 200)
    seconds = options.number("seconds", 300)
    interval = max(1, options.number("interval", 1))
    workers = max(1, options.number("workers", 2))
    kills = options.number("kill", 1) == 1 && workers > 1
    waitsForSilence = options.number("silence", 0) == 1
  }

  /// Of a device.
  private var frames: Int { max(1, seconds / interval) }

  func run() async throws {
    let pictures = try await FrameMaker.pictures(0..<frames)
    let folder = try TemporaryFolder("recorder")
    defer { folder.remove() }
    let redis = try await RedisServer.start(arguments: ["--appendonly", "yes"])
    var cluster: [WorkerProcess] = []
    for number in 1...workers { cluster.append(try await worker(number, redis, folder)) }
    let ports = cluster.map(\.port)
    say(
      "\(devices) devices, a frame each \(interval) s for \(seconds) s, \(workers) workers\(kills ? ", one killed at half time" : "")"
    )

    let load = RecorderLoad(cluster)
    let crowd = Task { [devices, interval] in
      try await DeviceCrowd(devices: devices, pictures: pictures, ports: ports).send(each: interval)
    }
    let watch = Task { [cluster] in await load.watch(cluster) }
    var recovery: Recovery?
    if kills {
      try await Task.sleep(for: .seconds(seconds / 2))
      recovery = try await kill(cluster, redis)
    }
    let sent = try await crowd.value
    let refused = sent.refused.sorted { $0.key < $1.key }.map { ", \($0.value) times \($0.key)" }.joined()
    say("sent: \(sent.accepted) accepted, \(sent.repeated) requests repeated\(refused)")
    let check = RecordingCheck(folder: folder, devices: devices, frames: frames)
    try await eventually("all frames to be recorded", within: .seconds(120)) {
      try await check.recorded(redis) >= sent.accepted
    }
    watch.cancel()
    await watch.value
    say(load.table)
    if waitsForSilence {
      try folder.write(Array("601".utf8), to: "clock")
      say(try await load.afterSilence(cluster))
    }
    if let recovery { say(recovery.row) }
    say(try await check.decode().row)
    for worker in cluster where worker.isRunning { try await worker.terminate() }
    try await redis.stop()
  }

  /// Seconds by which the workers' steady clock is ahead.
  private static func clock(_ folder: TemporaryFolder) -> String { folder.file("clock") }

  private func worker(
    _ number: Int, _ redis: RedisServer, _ folder: TemporaryFolder
  ) async throws -> WorkerProcess {
    try await WorkerProcess.start([
      "REDIS_URL": "redis://127.0.0.1:\(redis.port)", "WORKER_ID": "w\(number)", "FRAMES_ENABLED": "true",
      "STORAGE_BASE_PATH": folder.path, "STORAGE_LOW_FREE_PERCENT": "0", "STORAGE_MIN_FREE_PERCENT": "0",
      "MILLRACE_RECORDER_CLOCK": Self.clock(folder),
    ])
  }

  /// Kills the first worker, and waits for commits of all devices of the dead one's partitions.
  private func kill(_ cluster: [WorkerProcess], _ redis: RedisServer) async throws -> Recovery {
    let killed = cluster[0]
    let orphans = try await redis.command("EVAL", Recovery.ownedBy, "0", "w1").split(separator: "\n").map(String.init)
    guard !orphans.isEmpty else { throw BenchError("the worker to be killed owns no device") }
    let time = Int(try await redis.command("EVAL", Recovery.now, "0")) ?? 0
    let start = ContinuousClock.now
    try await killed.kill()
    var recovery = Recovery(orphans: orphans.count)
    while recovery.all == nil, start.duration(to: .now) < .seconds(60) {
      let back = try await redis.command("EVAL", Recovery.recordedSince, "0", "\(time)", orphans.joined(separator: " "))
      let elapsed = start.duration(to: .now) / .seconds(1)
      let count = Int(back) ?? 0
      if count > 0, recovery.first == nil { recovery.first = elapsed }
      if count == orphans.count { recovery.all = elapsed }
      try await Task.sleep(for: .milliseconds(50))
    }
    return recovery
  }
}

/// From the kill to commits of the dead worker's devices elsewhere.
private struct Recovery {
  static let now = "local t = redis.call('TIME') return t[1] * 1000 + math.floor(t[2] / 1000)"
  /// The devices that have an index, in the partitions of a worker.
  static let ownedBy = """
    local found = {}
    for p = 0, 63 do
      if redis.call('HGET', 'frames:partition:' .. p, 'owner') == ARGV[1] then
        for _, device in ipairs(redis.call('ZRANGE', 'frames:devices:' .. p, 0, -1)) do found[#found + 1] = device end
      end
    end
    return found
    """
  static let recordedSince = """
    local count = 0
    for device in string.gmatch(ARGV[2], '%S+') do
      local last = redis.call('XREVRANGE', 'frames:log:' .. device, '+', '-', 'COUNT', 1)[1]
      for j = 1, last and #last[2] or 0, 2 do
        if last[2][j] == 'wall' and tonumber(last[2][j + 1]) > tonumber(ARGV[1]) + 500 then count = count + 1 end
      end
    end
    return count
    """

  let orphans: Int
  var first: Double?
  var all: Double?

  init(orphans: Int) { self.orphans = orphans }

  var row: String {
    "after the kill: first commit of the dead worker's \(orphans) devices \(cell(first ?? .nan, 2)) s,"
      + " all of them \(cell(all ?? .nan, 2)) s"
  }
}

internal import Foundation

/// A real broker (pulsar-lite) on a free port, and Pulsar's own Python client as the producer: both where
/// `scripts/install-pulsar` puts them.
package final class PulsarBroker: Sendable {
  /// What it needs is not there. The description says what.
  package struct Missing: Error, CustomStringConvertible {
    package let description: String
  }

  /// Why tests with a broker cannot be run; nil: they can.
  package static let hindrance: String? =
    if isSanitized {
      "a sanitizer forbids RTLD_DEEPBIND, without which Pulsar's library cannot be loaded"
    } else if !FileManager.default.fileExists(atPath: folder + "/installed") {
      "NOT TESTED: scripts/install-pulsar has not installed pulsar-client and pulsar-lite from PyPI"
    } else {
      nil
    }

  /// The bridge's by default.
  package static let topic = "persistent://streamhub/stream/frames"

  private static let folder =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path + "/.build/pulsar"

  private let process: SpawnedProcess
  private let files: TemporaryFolder
  package let log = ProcessLog()
  private let port: Int
  /// The path of Pulsar's C library, for `PULSAR_LIBRARY`.
  package let library: String

  /// Goes with the fixture.
  package init(_ fixture: Fixture) async throws {
    let packages = try Self.entry(of: Self.folder + "/lib", "python") + "/site-packages"
    library = try Self.entry(of: packages + "/pulsar_client.libs", "libpulsar-")
    files = try fixture.temporaryFolder("pulsar")
    port = try RedisServer.freePort()
    // It would serve metrics on a port that is nobody's to choose.
    try files.write(Array("[metrics]\nenabled = false\n".utf8), to: "broker.toml")
    try files.write(Array(Self.producer.utf8), to: "producer.py")
    let log = self.log
    let process = try await SpawnedProcess.start(
      packages + "/pulsar_lite/bin/pulsar-lite",
      [
        "--config", files.file("broker.toml"), "--addr", "127.0.0.1:\(port)", "--db-path", files.file("data"),
        "--log-level", "info",
      ], environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? ""]
    ) { _, bytes in log.append(bytes) }
    self.process = process
    fixture.addTeardown { try await process.stop() }
    try await eventually("pulsar-lite to listen", within: .seconds(20)) { log.text.contains("Server listening on") }
  }

  private static func entry(of folder: String, _ prefix: String) throws -> String {
    guard let name = try FileManager.default.contentsOfDirectory(atPath: folder).first(where: { $0.hasPrefix(prefix) })
    else { throw Missing(description: "no \(prefix)* in \(folder)") }
    return folder + "/" + name
  }

  package var url: String { "pulsar://127.0.0.1:\(port)" }

  /// Sends events with these numbers, one after the other: number n is of the device `d<n % devices>` and has its key.
  /// `pause` follows each.
  package func send(_ numbers: Range<Int>, devices: Int = 1, pause: Duration = .zero) async throws {
    try await produce(["\(numbers.lowerBound)", "\(numbers.upperBound)", "\(devices)", "\(pause / .seconds(1))"])
  }

  /// Sends texts as they are, without a key.
  package func send(raw texts: [String]) async throws { try await produce(["raw"] + texts) }

  /// A `millrace pulsar-bridge` that receives, with its metrics on a free port; it goes with the fixture. `others`: more of
  /// its environment.
  package func bridge(
    _ fixture: Fixture, redis: RedisServer, partitions: Int, _ others: [String: String] = [:]
  ) async throws -> WorkerProcess {
    let environment = [
      "REDIS_URL": "redis://127.0.0.1:\(redis.port)", "FRAMES_PARTITIONS": String(partitions),
      "PULSAR_SERVICE_URL": url, "PULSAR_LIBRARY": library, "METRICS_PORT": String(try RedisServer.freePort()),
      "LOG_LEVEL": "debug",
    ]
    let bridge = try await fixture.worker(environment.merging(others) { $1 }, arguments: ["pulsar-bridge"])
    do {
      try await eventually("the subscription", within: .seconds(30)) { bridge.log.contains("receiving") }
    } catch let timeout as WaitTimeout {
      throw WaitTimeout(description: "\(timeout): the bridge says \(bridge.log.suffix(2_000)), the broker \(log.tail)")
    }
    return bridge
  }

  private func produce(_ arguments: [String]) async throws {
    try await FFmpegTool.succeed(
      Self.folder + "/bin/python", [files.file("producer.py"), url, Self.topic] + arguments, within: .seconds(120))
  }

  private static let producer = """
    import json, sys, time, pulsar

    client = pulsar.Client(sys.argv[1])
    producer = client.create_producer(sys.argv[2], batching_enabled=False)
    if sys.argv[3] == "raw":
        for text in sys.argv[4:]:
            producer.send(text.encode())
    else:
        first, last, devices, pause = int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]), float(sys.argv[6])
        for number in range(first, last):
            device = "d%d" % (number % devices)
            event = {"eventId": str(number), "clientId": "c1", "deviceId": device, "timestamp": time.time(),
                     "framePath": "client_ids/c1/device_id/%s/frames/%d.jpg" % (device, number)}
            producer.send(json.dumps(event).encode(), partition_key=device)
            time.sleep(pause)
    client.close()
    """
}

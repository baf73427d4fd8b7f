internal import Foundation

/// HAProxy as `scripts/cluster` and compose.yaml run it, in front of workers at given ports: round robin, no stickiness. It
/// dies with the test process.
package struct Balancer: Sendable {
  /// HAProxy did not start, or there is no configuration.
  package struct Failed: Error, CustomStringConvertible {
    package let description: String
  }

  package let port: Int
  private let process: SpawnedProcess
  private let folder: TemporaryFolder

  /// Starts it and waits until it answers.
  package init(workers ports: [Int]) async throws {
    port = try RedisServer.freePort()
    folder = try TemporaryFolder("balancer")
    let servers = ports.map { "  server worker-\($0) 127.0.0.1:\($0)\n" }.joined()
    let backends = ["workers", "all-workers"].map { "backend \($0) from \($0)\n" + servers }.joined()
      + "backend recorders from workers\n"
    let file = try folder.write(Array(backends.utf8), to: "workers.cfg")
    let log = ProcessLog()
    process = try await SpawnedProcess.start(
      "haproxy", ["-db", "-f", try Self.configuration(), "-f", file],
      environment: FFmpegTool.cleanEnvironment().merging(["BALANCER_BIND": "127.0.0.1:\(port)"]) { $1 }
    ) { _, bytes in log.append(bytes) }
    let (process, port) = (process, port)
    try await eventually("HAProxy to listen", within: .seconds(10)) {
      if process.exitStatus != nil { throw Failed(description: "haproxy: \(log.tail)") }
      return (try? await RawHTTPClient.request(port: port, "/livez")) != nil
    }
  }

  /// Of the repository that this program was built in.
  private static func configuration() throws -> String {
    var folder = URL(fileURLWithPath: WorkerProcess.builtBinary)
    while folder.path != "/" {
      folder.deleteLastPathComponent()
      let file = folder.appendingPathComponent("config/haproxy/haproxy.cfg").path
      if FileManager.default.fileExists(atPath: file) { return file }
    }
    throw Failed(description: "config/haproxy/haproxy.cfg is not above this program: build it in the repository")
  }

  package func stop() async throws {
    try await process.stop()
    folder.remove()
  }
}

extension Fixture {
  /// A balancer that goes with the fixture.
  package func balancer(_ workers: [WorkerProcess]) async throws -> Balancer {
    let balancer = try await Balancer(workers: workers.map(\.port))
    addTeardown { try await balancer.stop() }
    return balancer
  }
}

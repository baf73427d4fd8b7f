import Foundation
import TestKit

/// HAProxy as `scripts/cluster` and compose.yaml run it, in front of workers at given ports: round robin, no stickiness.
struct Balancer {
  let port: Int
  private let process: SpawnedProcess
  private let folder: TemporaryFolder

  init(workers ports: [Int]) async throws {
    port = try RedisServer.freePort()
    folder = try TemporaryFolder("balancer")
    let servers = ports.map { "  server worker-\($0) 127.0.0.1:\($0)\n" }.joined()
    let backend = try folder.write(Array(("backend workers from workers\n" + servers).utf8), to: "workers.cfg")
    let log = ProcessLog()
    process = try await SpawnedProcess.start(
      "haproxy", ["-db", "-f", try Self.configuration(), "-f", backend],
      environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "BALANCER_BIND": "127.0.0.1:\(port)"]
    ) { _, bytes in log.append(bytes) }
    let (process, port) = (process, port)
    try await eventually("HAProxy to listen", within: .seconds(10)) {
      if process.exitStatus != nil { throw BenchError("haproxy: \(log.tail)") }
      return (try? await RawHTTPClient.request(port: port, "/livez")) != nil
    }
  }

  /// Of the repository that this program was built in.
  private static func configuration() throws -> String {
    var folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    while folder.path != "/" {
      folder.deleteLastPathComponent()
      let file = folder.appendingPathComponent("config/haproxy/haproxy.cfg").path
      if FileManager.default.fileExists(atPath: file) { return file }
    }
    throw BenchError("config/haproxy/haproxy.cfg is not above this program: build it in the repository")
  }

  func stop() async throws {
    try await process.stop()
    folder.remove()
  }
}

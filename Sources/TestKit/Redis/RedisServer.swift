internal import Foundation
internal import Glibc
internal import Synchronization

/// Debian's redis-server on a port of its own and on a Unix socket, with a temporary folder; nothing is saved to disk
/// but by `restart(empty: false)`. It dies with the test process.
package final class RedisServer: Sendable {
  /// The server did not start or did not end, or a command failed. The description holds the end of its log.
  package struct Failed: Error, CustomStringConvertible {
    package let description: String
  }

  package let port: Int
  package let folder: TemporaryFolder
  private let plan: Plan
  private let running: Mutex<Running>

  private struct Running: Sendable {
    let process: SpawnedProcess
    let log: ProcessLog
  }

  /// Starts a server and waits until it takes connections. `arguments` are redis-server's (`["--maxmemory", "1mb"]`);
  /// they come after this fixture's own and win. `encryption`: the port then speaks TLS only, and asks for a client's
  /// certificate if `asksForCertificate`.
  package static func start(
    arguments: [String] = [], encryption: TestCertificates? = nil, asksForCertificate: Bool = false,
    within limit: Duration = .seconds(10)
  ) async throws -> RedisServer {
    let encryption = encryption.map { $0.serverArguments(asksForCertificate: asksForCertificate) }
    return try await start(Plan(arguments: (encryption ?? []) + arguments, usesTLS: encryption != nil), within: limit)
  }

  /// Starts a sentinel that watches `master` under the name `name`, and waits until it runs.
  package static func startSentinel(
    of master: RedisServer, name: String, quorum: Int, downAfter: Duration, arguments: [String] = [],
    within limit: Duration = .seconds(10)
  ) async throws -> RedisServer {
    let milliseconds = Int(downAfter.inSeconds * 1000)
    let lines = [
      "bind 127.0.0.1", "sentinel monitor \(name) 127.0.0.1 \(master.port) \(quorum)",
      "sentinel down-after-milliseconds \(name) \(milliseconds)", "sentinel failover-timeout \(name) 5000",
    ]
    return try await start(Plan(arguments: arguments, sentinelLines: lines), within: limit)
  }

  private struct Plan: Sendable {
    var arguments: [String]
    var usesTLS = false
    /// Of a sentinel's configuration file, which it writes to itself.
    var sentinelLines: [String]?

    /// What redis-server is started with.
    func command(folder: TemporaryFolder, port: Int) throws -> [String] {
      let port = usesTLS ? ["--port", "0", "--tls-port", String(port)] : ["--port", String(port)]
      if let sentinelLines {
        let file = try folder.write(Array((sentinelLines.joined(separator: "\n") + "\n").utf8), to: "sentinel.conf")
        return [file, "--sentinel", "--dir", folder.path] + port + arguments
      }
      let own = ["--bind", "127.0.0.1", "--dir", folder.path, "--save", "", "--unixsocket", socketPath(in: folder)]
      return own + port + arguments
    }

    var isSentinel: Bool { sentinelLines != nil }
  }

  private static func start(_ plan: Plan, within limit: Duration) async throws -> RedisServer {
    let folder = try TemporaryFolder("redis")
    do {
      // Between the choice of a free port and its use somebody else may take it.
      for _ in 0..<5 {
        let port = try freePort()
        if let running = try await launch(folder: folder, port: port, plan, within: limit) {
          return RedisServer(port: port, folder: folder, plan: plan, running: running)
        }
      }
      throw Failed(description: "five ports that were free were taken")
    } catch {
      folder.remove()
      throw error
    }
  }

  private init(port: Int, folder: TemporaryFolder, plan: Plan, running: Running) {
    self.port = port
    self.folder = folder
    self.plan = plan
    self.running = Mutex(running)
  }

  /// Nil when the port is taken.
  private static func launch(
    folder: TemporaryFolder, port: Int, _ plan: Plan, within limit: Duration
  ) async throws -> Running? {
    let log = ProcessLog()
    let process = try await SpawnedProcess.start(
      "redis-server", try plan.command(folder: folder, port: port), environment: FFmpegTool.cleanEnvironment()
    ) { _, bytes in log.append(bytes) }
    do {
      try await eventually("redis-server to listen", within: limit) {
        if let status = process.exitStatus, !log.text.contains(taken) {
          throw Failed(description: "redis-server ended (\(status)): \(log.tail)")
        }
        let mark = plan.isSentinel ? "Sentinel ID is" : "eady to accept connections"
        return log.text.contains(mark) || process.exitStatus != nil
      }
    } catch {
      try await process.stop()
      guard error is WaitTimeout else { throw error }
      throw Failed(description: "\(error): \(log.tail)")
    }
    return process.exitStatus == nil ? Running(process: process, log: log) : nil
  }

  private static let taken = "Address already in use"

  private static func socketPath(in folder: TemporaryFolder) -> String { folder.file("redis.sock") }

  /// A port that is free now.
  package static func freePort() throws -> Int {
    let (descriptor, port) = try Socket.listen(port: 0)
    close(descriptor)
    return port
  }

  package var socketPath: String { Self.socketPath(in: folder) }
  package var pid: Int32 { running.withLock { $0.process.pid } }
  /// Of the server that was started last.
  package var log: String { running.withLock { $0.log }.text }
  package var isRunning: Bool { running.withLock { $0.process.exitStatus == nil } }

  /// What redis-cli prints for a command, without the last line's end. Error replies are printed too. `options` are
  /// redis-cli's own (`["--user", "name", "--pass", "secret"]`).
  @discardableResult
  package func command(_ words: String..., options: [String] = []) async throws -> String {
    let way = plan.isSentinel ? ["-p", String(port)] : ["-s", socketPath]
    let result = try await FFmpegTool.run("redis-cli", way + options + words, within: .seconds(10))
    return String(decoding: result.output, as: UTF8.self).trimmingCharacters(in: .newlines)
  }

  /// FLUSHALL: all data.
  package func flush() async throws { try await command("FLUSHALL") }

  /// SCRIPT FLUSH: the cache of scripts.
  package func flushScripts() async throws { try await command("SCRIPT", "FLUSH") }

  // MARK: Its troubles

  /// SIGSTOP: it is there and does not answer.
  package func pause() { signal(SIGSTOP) }

  /// SIGCONT
  package func resume() { signal(SIGCONT) }

  package func signal(_ number: Int32) { running.withLock { $0.process }.signal(number) }

  /// SIGKILL, and waits until it is gone.
  package func kill() async throws { try await running.withLock { $0.process }.stop() }

  /// Ends what runs and starts a server on the same port. `empty`: without the data; else a server that runs saves them
  /// first, and one that was killed has only what it had saved.
  package func restart(empty: Bool = true, within limit: Duration = .seconds(10)) async throws {
    if isRunning, !empty { try await command("SAVE") }
    try await kill()
    if empty { try? FileManager.default.removeItem(atPath: folder.file("dump.rdb")) }
    // Others' connections may keep the port for a moment.
    let next = try await eventualValue("port \(port) to be free again", within: limit) {
      try await Self.launch(folder: folder, port: port, plan, within: limit)
    }
    running.withLock { $0 = next }
  }

  /// Ends it, whatever its state, and removes its folder.
  package func stop() async throws {
    try await kill()
    folder.remove()
  }
}

extension Fixture {
  /// A server that goes with the fixture.
  package func redisServer(
    arguments: [String] = [], encryption: TestCertificates? = nil, asksForCertificate: Bool = false
  ) async throws -> RedisServer {
    let server = try await RedisServer.start(
      arguments: arguments, encryption: encryption, asksForCertificate: asksForCertificate)
    addTeardown { try await server.stop() }
    return server
  }

  /// A sentinel that goes with the fixture.
  package func redisSentinel(
    of master: RedisServer, name: String, quorum: Int, downAfter: Duration, arguments: [String] = []
  ) async throws -> RedisServer {
    let sentinel = try await RedisServer.startSentinel(
      of: master, name: name, quorum: quorum, downAfter: downAfter, arguments: arguments)
    addTeardown { try await sentinel.stop() }
    return sentinel
  }
}

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
  private let arguments: [String]
  private let running: Mutex<Running>

  private struct Running: Sendable {
    let process: SpawnedProcess
    let log: ProcessLog
  }

  /// Starts a server and waits until it takes connections. `arguments` are redis-server's (`["--maxmemory", "1mb"]`);
  /// they come after this fixture's own and win.
  package static func start(arguments: [String] = [], within limit: Duration = .seconds(10)) async throws -> RedisServer
  {
    let folder = try TemporaryFolder("redis")
    do {
      // Between the choice of a free port and its use somebody else may take it.
      for _ in 0..<5 {
        let port = try freePort()
        if let running = try await launch(folder: folder, port: port, arguments, within: limit) {
          return RedisServer(port: port, folder: folder, arguments: arguments, running: running)
        }
      }
      throw Failed(description: "five ports that were free were taken")
    } catch {
      folder.remove()
      throw error
    }
  }

  private init(port: Int, folder: TemporaryFolder, arguments: [String], running: Running) {
    self.port = port
    self.folder = folder
    self.arguments = arguments
    self.running = Mutex(running)
  }

  /// Nil when the port is taken.
  private static func launch(
    folder: TemporaryFolder, port: Int, _ arguments: [String], within limit: Duration
  ) async throws -> Running? {
    let own = [
      "--port", String(port), "--bind", "127.0.0.1", "--dir", folder.path, "--save", "", "--unixsocket",
      socketPath(in: folder), "--daemonize", "no", "--logfile", "",
    ]
    let log = ProcessLog()
    let process = try await SpawnedProcess.start(
      "redis-server", own + arguments, environment: FFmpegTool.cleanEnvironment()
    ) { _, bytes in log.append(bytes) }
    do {
      try await eventually("redis-server to listen", within: limit) {
        if let status = process.exitStatus, !log.text.contains(taken) {
          throw Failed(description: "redis-server ended (\(status)): \(log.tail)")
        }
        return log.text.contains("eady to accept connections") || process.exitStatus != nil
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

  /// What redis-cli prints for a command, without the last line's end. Error replies are printed too.
  @discardableResult
  package func command(_ words: String..., options: [String] = []) async throws -> String {
    let output = ProcessLog()
    let process = try await SpawnedProcess.start(
      "redis-cli", ["-h", "127.0.0.1", "-p", String(port)] + options + words,
      environment: FFmpegTool.cleanEnvironment()
    ) { _, bytes in output.append(bytes) }
    guard try await process.exit(within: .seconds(10)) != nil else {
      try await process.stop()
      throw Failed(description: "redis-cli \(words) does not end")
    }
    return output.text.trimmingCharacters(in: .newlines)
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
      try await Self.launch(folder: folder, port: port, arguments, within: limit)
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
  package func redisServer(arguments: [String] = []) async throws -> RedisServer {
    let server = try await RedisServer.start(arguments: arguments)
    addTeardown { try await server.stop() }
    return server
  }
}

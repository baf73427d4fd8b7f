internal import Foundation
internal import Glibc

/// A real HTTP server on 127.0.0.1 that behaves as sources do, the bad ones too. Shares no code with Millrace; a thread
/// for each connection. What a path does is said by its name or by `set`, and can be changed while connections are open.
// Safe: `state` is used under `lock`; `feed` and `file` are set before the first thread starts.
package final class SourceServer: @unchecked Sendable {
  private let lock = NSLock()
  private var state = State()
  let feed: LiveFeed?
  let file: [UInt8]
  package let port: Int

  private struct State {
    var paths: [String: Path] = [:]
    /// The number of the newest connection.
    var connections = 0
    var threads = 0
    var isDown = false
  }

  private struct Path {
    var behaviour: SourceBehaviour?
    var isStalled = false
    var requests: [SourceRequest] = []
    var open: [Int: Command] = [:]
    var bytes = 0
  }

  /// What a connection is to do.
  enum Command: Equatable { case proceed, stall, close, reset }

  /// Starts listening, and FFmpeg for the live media; the first key frame is there when this returns. `file` is what
  /// `/file` and `/slow` serve.
  package static func start(live: LiveMedia? = nil, file: MediaFixture? = nil) async throws -> SourceServer {
    let feed = live.map { LiveFeed($0) }
    let content = try file?.bytes() ?? []
    do {
      try await feed?.start()
      return try SourceServer(feed: feed, file: content)
    } catch {
      try? await feed?.stop()
      throw error
    }
  }

  private init(feed: LiveFeed?, file: [UInt8]) throws {
    self.feed = feed
    self.file = file
    let (descriptor, port) = try Socket.listen(port: 0)
    self.port = port
    listen(on: descriptor)
  }

  /// `http://127.0.0.1:<port><target>`
  package func url(_ target: String) -> String { "http://127.0.0.1:\(port)\(target)" }

  /// `127.0.0.1:<port>`, for SOURCE_ALLOW.
  package var address: String { "127.0.0.1:\(port)" }

  // MARK: Commands

  /// What a path does from now on with new connections. Nil: what its name says.
  package func set(_ behaviour: SourceBehaviour?, for path: String) {
    change(path) { $0.behaviour = behaviour }
  }

  /// Open and new connections of a path send no more, and stay open.
  package func stall(_ path: String) { change(path) { $0.isStalled = true } }

  /// Ends `stall`. What was not sent meanwhile is sent, as far as 8 MB reach.
  package func resume(_ path: String) { change(path) { $0.isStalled = false } }

  /// Ends all open connections of a path in order.
  package func closeAll(_ path: String) { change(path) { for key in $0.open.keys { $0.open[key] = .close } } }

  /// Ends all open connections of a path with a reset.
  package func resetAll(_ path: String) { change(path) { for key in $0.open.keys { $0.open[key] = .reset } } }

  /// Nobody listens any more (connections are refused) and all open connections are reset, until `comeBack`.
  package func goDown() async throws {
    locked { $0.isDown = true }
    try await eventually("the source server's threads to end", within: .seconds(10)) {
      self.locked { $0.threads == 0 }
    }
  }

  /// Listens again on the same port. Somebody's outgoing connection may have it for a moment: then it is waited for.
  package func comeBack() throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while true {
      let attempt = Result { () throws(SocketError) in try Socket.listen(port: port).descriptor }
      switch attempt {
      case .success(let descriptor): return listen(on: descriptor)
      case .failure(let error):
        guard error.code == EADDRINUSE, .now < deadline else { throw error }
        usleep(50_000)
      }
    }
  }

  /// Live media from a new FFmpeg, whose counters and clock begin anew.
  package func restartLive() async throws { try await feed?.restart() }

  /// Ends everything and waits until all threads, descriptors and FFmpeg are gone.
  package func stop() async throws {
    try await goDown()
    try await feed?.stop()
  }

  // MARK: Records

  /// Open connections whose request was for that path (without its query).
  package func openConnections(_ path: String) -> Int { locked { $0.paths[path]?.open.count ?? 0 } }
  /// Open connections of all paths.
  package var openConnections: Int { locked { $0.paths.values.reduce(0) { $0 + $1.open.count } } }
  /// The requests for that path so far, in order; each had a connection of its own.
  package func requests(_ path: String) -> [SourceRequest] { locked { $0.paths[path]?.requests ?? [] } }
  /// The number of requests for that path so far.
  package func totalConnections(_ path: String) -> Int { requests(path).count }
  /// Body bytes sent for that path so far.
  package func bytesSent(_ path: String) -> Int { locked { $0.paths[path]?.bytes ?? 0 } }

  // MARK: For the threads

  private func locked<Value>(_ work: (inout State) -> Value) -> Value {
    lock.lock()
    defer { lock.unlock() }
    return work(&state)
  }

  private func change(_ path: String, _ work: (inout Path) -> Void) {
    locked { work(&$0.paths[path, default: Path()]) }
  }

  private func listen(on descriptor: Int32) {
    locked { state in
      state.isDown = false
      state.threads += 1
    }
    startThread { [self] in accept(on: descriptor) }
  }

  private func accept(on listener: Int32) {
    while locked({ !$0.isDown }) {
      guard Socket.wait(listener, for: POLLIN, 20), let descriptor = Socket.accept(listener) else { continue }
      let number = locked { state in
        state.threads += 1
        state.connections += 1
        return state.connections
      }
      startThread { [self] in
        SourceConnection(server: self, descriptor: descriptor, number: number).serve()
        locked { $0.threads -= 1 }
      }
    }
    // Closed here alone: closed by another thread, it would go on listening while poll(2) has it.
    close(listener)
    locked { $0.threads -= 1 }
  }

  func begin(_ request: SourceRequest, number: Int) -> SourceBehaviour {
    locked { state in
      state.paths[request.path, default: Path()].requests.append(request)
      state.paths[request.path]?.open[number] = .proceed
      return state.paths[request.path]?.behaviour ?? SourceBehaviour(target: request.target)
    }
  }

  func end(_ path: String, number: Int) { change(path) { $0.open[number] = nil } }

  func sent(_ count: Int, _ path: String) { change(path) { $0.bytes += count } }

  /// `path` is nil for a connection whose request has not been read yet.
  func command(_ path: String?, number: Int) -> Command {
    locked { state in
      guard !state.isDown else { return .reset }
      guard let path, let entry = state.paths[path] else { return .proceed }
      let command = entry.open[number] ?? .proceed
      return command == .proceed && entry.isStalled ? .stall : command
    }
  }
}

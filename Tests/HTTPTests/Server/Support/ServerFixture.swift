import EventLoop
import Glibc
import HTTP
import Synchronization
import Testing

/// Runs a server on two loops for the time of `body`, which may block: it has a thread of its own.
func withServer(
  _ router: Router, host: String = "127.0.0.1", loopCount: Int = 2, hooks: HTTPServerHooks = HTTPServerHooks(),
  body: @escaping @Sendable (HTTPServer) throws -> Void
) async throws {
  try await withServer(router, host: host, loopCount: loopCount, hooks: hooks, configure: { _ in }, body: body)
}

func withServer(
  _ router: Router, host: String = "127.0.0.1", loopCount: Int = 2, hooks: HTTPServerHooks = HTTPServerHooks(),
  configure: (inout HTTPServerConfiguration) -> Void, body: @escaping @Sendable (HTTPServer) throws -> Void
) async throws {
  var configuration = HTTPServerConfiguration(host: host, port: 0)
  configure(&configuration)
  let loops = LoopGroup(count: loopCount, name: "http-test")
  let server = HTTPServer(configuration: configuration, loops: loops, router: router, hooks: hooks)
  try server.start()
  let result = await onThread { Result { try body(server) } }
  await server.stop()
  #expect(server.metrics.connectionsOpen.load(ordering: .relaxed) == 0)
  #expect(server.metrics.connectionsTaken.load(ordering: .relaxed) == 0)
  loops.stop()
  try result.get()
}

private final class Job: Sendable {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// Runs `body` on a thread of its own.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
  return await withCheckedContinuation { done in
    let job = Job { done.resume(returning: body()) }
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<Job>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(job).toOpaque())
    precondition(code == 0)
    pthread_detach(thread)
  }
}

/// Waits until `condition` holds, at most `limit`. On a thread of a test's own.
@discardableResult
func eventually(_ limit: Duration = .seconds(10), _ condition: () throws -> Bool) rethrows -> Bool {
  let end = ContinuousClock.now + limit
  while ContinuousClock.now < end {
    if try condition() { return true }
    usleep(1000)
  }
  return try condition()
}

/// Counts from any thread.
final class Tally: Sendable {
  private let number = Atomic<Int>(0)

  var count: Int { number.load(ordering: .acquiring) }

  /// The count before.
  @discardableResult func add() -> Int { number.add(1, ordering: .acquiringAndReleasing).oldValue }
}

/// A request for the rules that need one without a connection.
func testRequest(
  _ method: String = "GET", _ target: String = "/", headers: HTTPHeaders = HTTPHeaders()
) -> HTTPRequest {
  HTTPRequest(
    method: method, target: target, headers: headers, peer: PeerAddress(text: "192.0.2.1", port: 1), localPort: 80,
    requestID: "0123456789ab", loop: idleLoop)
}

private let idleLoop = EventLoop(name: "idle")

/// Answers `method target` with the body it was sent, `/echo/{text}` with the parameter, and more.
func echoRouter(rootPath: String = "") -> Router {
  var router = Router(rootPath: rootPath)
  router.add(.get, "/echo/{text}") { request, parameters in
    HTTPResponse(contentType: "text/plain", parameters["text"] ?? "")
  }
  router.add(.post, "/echo") { request, _ in HTTPResponse(body: .bytes(request.body)) }
  router.add(.get, "/query") { request, _ in
    HTTPResponse(
      contentType: "text/plain", request.query.items.map { "\($0.name)=\($0.value)" }.joined(separator: "|"))
  }
  return router
}

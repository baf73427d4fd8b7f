import EventLoop
import Glibc
import HTTP
import Synchronization
import Testing

/// A client on a loop of its own.
final class ClientFixture: Sendable {
  let loop = EventLoop(name: "upstream-test")
  let counters = UpstreamCounters()
  private let client: Mutex<LoopBound<UpstreamClient>?>

  /// `allow`: an allow list.
  init(allow: String = "127.0.0.1, ::1") async throws {
    client = Mutex(nil)
    let policy = AddressPolicy(allowing: try AddressAllowList(allow))
    await onLoop {
      let client = UpstreamClient(loop: self.loop, policy: policy, counters: self.counters)
      self.client.withLock { $0 = LoopBound(client, loop: self.loop) }
    }
  }

  func onLoop<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { done in loop.execute { done.resume(returning: body()) } }
  }

  /// In the loop.
  var current: UpstreamClient? { client.withLock { $0 }?.value }

  /// In the loop.
  func dropNow() { _ = client.withLock { client in client.take() } }

  func dropClient() { loop.execute { self.dropNow() } }

  /// Releases the client in the loop and stops the loop.
  func stop() {
    dropClient()
    loop.stop()
  }

  /// Runs one transfer to its end.
  func fetch(_ request: UpstreamRequest) async -> Fetched {
    await withCheckedContinuation { done in
      loop.execute {
        let collected = Collected()
        _ = self.current?.open(request) { event in
          switch event {
          case .head(let head): collected.fetched.heads.append(head)
          case .data(let bytes): collected.fetched.body += bytes
          case .finished(let result):
            collected.fetched.result = result
            done.resume(returning: collected.fetched)
          }
        }
      }
    }
  }

  func fetch(_ url: String, _ change: (inout UpstreamRequest) -> Void = { _ in }) async -> Fetched {
    await fetch(patientRequest(url, change))
  }
}

/// With limits that a busy machine does not reach; a test that is about one sets it.
func patientRequest(_ url: String, _ change: (inout UpstreamRequest) -> Void = { _ in }) -> UpstreamRequest {
  var request = UpstreamRequest(url: url, userAgent: "Tester/1.0")
  request.timeouts.connect = .seconds(60)
  request.timeouts.firstByte = .seconds(60)
  request.timeouts.idle = .seconds(60)
  change(&request)
  return request
}

struct Fetched: Sendable {
  var heads: [UpstreamHead] = []
  var body: [UInt8] = []
  var result: Result<UpstreamSummary, UpstreamError> = .failure(.protocolError("not run"))

  var text: String { String(decoding: body, as: UTF8.self) }
  var status: Int? { heads.first?.status }
  var error: UpstreamError? {
    if case .failure(let error) = result { return error }
    return nil
  }
  var summary: UpstreamSummary? { try? result.get() }
}

private final class Collected { var fetched = Fetched() }

/// What `Origin` sends for `n` bytes.
func pattern(_ n: Int) -> [UInt8] { (0..<n).map { UInt8($0 % 251) } }

/// Waits until `condition` holds, at most `limit`.
func becomesTrue(_ limit: Duration = .seconds(60), _ condition: () async -> Bool) async -> Bool {
  let end = ContinuousClock.now + limit
  while ContinuousClock.now < end {
    if await condition() { return true }
    try? await Task.sleep(for: .milliseconds(5))
  }
  return await condition()
}

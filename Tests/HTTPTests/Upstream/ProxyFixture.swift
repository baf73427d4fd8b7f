import Dispatch
import EventLoop
import Glibc
import Synchronization

@testable import HTTP

/// An egress proxy on a loop of its own.
final class ProxyFixture: Sendable {
  let loop = EventLoop(name: "egress-test")
  let counters = EgressCounters()
  let port: UInt16
  private let proxy: Mutex<LoopBound<EgressProxy>?>

  init(
    allow: String = "127.0.0.1, ::1", resolver: AddressResolver = AddressResolver(timeout: .seconds(60)),
    limits change: (inout EgressLimits) -> Void = { _ in }
  ) async throws {
    let policy = AddressPolicy(allowing: try AddressAllowList(allow))
    var limits = EgressLimits()
    // A busy machine does not reach these; a test that is about one sets it.
    limits.connect = .seconds(60)
    limits.head = .seconds(60)
    change(&limits)
    let (box, port) = try await withCheckedThrowingContinuation {
      [loop, counters, limits] (done: CheckedContinuation<(LoopBound<EgressProxy>, UInt16), any Error>) in
      loop.execute {
        do throws(EgressProxyError) {
          let proxy = try EgressProxy(
            loop: loop, policy: policy, resolver: resolver, limits: limits, counters: counters)
          done.resume(returning: (LoopBound(proxy, loop: loop), proxy.port))
        } catch {
          done.resume(throwing: error)
        }
      }
    }
    proxy = Mutex(box)
    self.port = port
  }

  func drop() { loop.execute { _ = self.proxy.withLock { $0.take() } } }

  func stop() {
    drop()
    loop.stop()
  }

  /// Sends `request` as it is and answers everything that comes back.
  func exchange(_ request: String) async -> String {
    let port = port
    return await offPool {
      let client = RawProxyClient(port: port)
      client.send(request)
      return String(decoding: client.readToEnd(), as: UTF8.self)
    }
  }

  func get(_ url: String) async -> String { await exchange("GET \(url) HTTP/1.1\r\nHost: x\r\n\r\n") }
}

/// A blocking client; reads wait at most 15 s.
final class RawProxyClient: Sendable {
  let descriptor: Int32

  init(port: UInt16) {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var limit = timeval(tv_sec: 15, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    _ = IPAddress.v4(0x7f00_0001).withSocketAddress(port: port) { connect(descriptor, $0, $1) }
  }

  func send(_ text: String) { send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  func read(_ limit: Int = 65_536) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: limit)
    let count = recv(descriptor, &block, limit, 0)
    return Array(block.prefix(max(0, count)))
  }

  func readToEnd() -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      let more = read()
      if more.isEmpty { return bytes }
      bytes += more
    }
  }

  deinit { close(descriptor) }
}

/// Runs what blocks outside the pool of Swift's tasks.
func offPool<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
  await withCheckedContinuation { done in
    DispatchQueue.global().async { done.resume(returning: body()) }
  }
}

import Glibc
import Synchronization
import Testing

@testable import HTTP

@Suite struct AddressResolverTests {
  private let loopback = IPAddress.v4(0x7f00_0001)

  @Test func resolvesAndChecks() async throws {
    let resolver = AddressResolver(timeout: .seconds(60))
    let open = AddressPolicy(allowing: try AddressAllowList("127.0.0.1"))
    #expect(try await resolver.resolveChecked(host: "localhost", port: 554, policy: open) == loopback)
    #expect(
      try await resolver.resolveChecked(host: "10.1.2.3", port: 554, policy: AddressPolicy()).description == "10.1.2.3")
    for host in ["localhost", "127.1", "[::1]"] {
      await #expect {
        try await resolver.resolveChecked(host: host, port: 554, policy: AddressPolicy())
      } throws: { error in
        if case .refused(_, .loopback)? = error as? AddressResolverError { return true }
        return false
      }
    }
    let group = try await resolver.resolveChecked(
      host: "239.1.1.1", port: 5000, policy: AddressPolicy(), allowsMulticast: true)
    #expect(group.description == "239.1.1.1")
  }

  @Test func takesTheFirstAllowedAddress() async throws {
    let resolver = AddressResolver(maxThreads: 1, maxWaiting: 1, timeout: .seconds(60)) { _ in
      .success([.v4(0x7f00_0001), .v4(0x0a00_0001), .v4(0x0a00_0002)])
    }
    let address = try await resolver.resolveChecked(host: "x.test", port: 1, policy: AddressPolicy())
    #expect(address.description == "10.0.0.1")
  }

  @Test func doesNotWaitLongerThanItsLimit() async throws {
    let gate = SilentGate()
    defer { gate.open() }
    let resolver = AddressResolver(maxThreads: 1, maxWaiting: 8, timeout: .milliseconds(200)) { _ in
      gate.wait()
      return .success([])
    }
    await #expect(throws: AddressResolverError.timedOut) {
      try await resolver.resolveChecked(host: "x.test", port: 1, policy: AddressPolicy())
    }
  }

  @Test func isBoundedAndGoesOnAfterwards() async throws {
    let gate = SilentGate()
    let running = Atomic<Int>(0)
    let most = Atomic<Int>(0)
    let resolver = AddressResolver(maxThreads: 2, maxWaiting: 3, timeout: .seconds(30)) { _ in
      most.max(running.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
      gate.wait()
      running.subtract(1, ordering: .relaxed)
      return .success([.v4(1)])
    }
    let replies = Mutex<[Result<[IPAddress], AddressResolverError>]>([])
    for number in 0..<8 {
      resolver.resolve("h\(number).test") { reply in replies.withLock { $0.append(reply) } }
    }
    #expect(replies.withLock { $0 } == Array(repeating: .failure(.overloaded), count: 3))
    gate.open()
    #expect(await becomesTrue { replies.withLock { $0.count } == 8 })
    #expect(most.load(ordering: .relaxed) <= 2)
    resolver.resolve("again.test") { reply in replies.withLock { $0.append(reply) } }
    #expect(
      await becomesTrue { replies.withLock { $0.last } == .success([.v4(1)]) && replies.withLock { $0.count } == 9 })
  }
}

/// Holds threads until it is opened.
final class SilentGate: Sendable {
  private let isOpen = Atomic<Bool>(false)

  func wait() { while !isOpen.load(ordering: .acquiring) { usleep(2000) } }
  func open() { isOpen.store(true, ordering: .releasing) }
}

internal import EventLoop
package import HTTP
internal import Synchronization

/// One upstream client a loop, made when the loop first wants it.
package final class UpstreamClients: Sendable {
  private let clients = Mutex<[ObjectIdentifier: LoopBound<UpstreamClient>]>([:])
  let policy: AddressPolicy
  /// For sources that FFmpeg connects to by itself.
  let resolver = AddressResolver()
  package let counters: UpstreamCounters

  package init(policy: AddressPolicy, counters: UpstreamCounters) {
    self.policy = policy
    self.counters = counters
  }

  /// In that loop.
  func client(on loop: EventLoop) -> UpstreamClient {
    loop.assertInLoop()
    return clients.withLock { clients in
      if let present = clients[ObjectIdentifier(loop)] { return present }
      let made = LoopBound(UpstreamClient(loop: loop, policy: policy, counters: counters), loop: loop)
      clients[ObjectIdentifier(loop)] = made
      return made
    }.value
  }

  /// Closes all connections. The loops still run.
  package func close() {
    for client in clients.withLock({ Array($0.values) }) { client.loop.execute { client.value.close() } }
  }
}

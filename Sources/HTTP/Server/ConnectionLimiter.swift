internal import Synchronization

/// Counts the connections of all loops, and those of each address while there is a limit for these.
final class ConnectionLimiter: Sendable {
  private struct Counts {
    var total = 0
    var byAddress: [String: Int] = [:]
  }

  private let maxTotal: Int
  private let maxPerAddress: Int
  private let counts = Mutex(Counts())
  private let metrics: HTTPServerMetrics

  /// 0 = no limit.
  init(maxTotal: Int, maxPerAddress: Int, metrics: HTTPServerMetrics) {
    self.maxTotal = maxTotal
    self.maxPerAddress = maxPerAddress
    self.metrics = metrics
  }

  enum Verdict {
    case admitted(ConnectionTicket)
    case refused(Problem)
  }

  func admit(_ address: String) -> Verdict {
    let refusal: Problem? = counts.withLock { counts in
      if maxTotal > 0, counts.total >= maxTotal {
        return .connectionLimit("The worker has MAX_CONNECTIONS=\(maxTotal) connections")
      }
      if maxPerAddress > 0, counts.byAddress[address, default: 0] >= maxPerAddress {
        return .connectionLimit("The address has MAX_CONNECTIONS_PER_IP=\(maxPerAddress) connections")
      }
      counts.total += 1
      if maxPerAddress > 0 { counts.byAddress[address, default: 0] += 1 }
      return nil
    }
    if let refusal { return .refused(refusal) }
    metrics.connectionsOpen.wrappingAdd(1, ordering: .relaxed)
    return .admitted(ConnectionTicket(limiter: self, address: address))
  }

  fileprivate func leave(_ address: String) {
    metrics.connectionsOpen.wrappingSubtract(1, ordering: .relaxed)
    counts.withLock { counts in
      counts.total -= 1
      guard maxPerAddress > 0, let count = counts.byAddress[address] else { return }
      counts.byAddress[address] = count > 1 ? count - 1 : nil
    }
  }
}

/// A connection that is counted for as long as this lives.
final class ConnectionTicket: Sendable {
  private let limiter: ConnectionLimiter
  private let address: String

  fileprivate init(limiter: ConnectionLimiter, address: String) {
    self.limiter = limiter
    self.address = address
  }

  deinit { limiter.leave(address) }
}

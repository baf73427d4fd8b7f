/// The times of the leases of a cluster (api.md §5, `LEASE_*`). The same on each worker, or a slow one looks dead to
/// a fast one.
package struct LeaseTimes: Sendable, Equatable {
  /// Between two renewals.
  package let renew: Duration
  /// After the sending of the last renewal that was confirmed, a worker publishes nothing more.
  package let giveUp: Duration
  /// After a renewal the store forgets the lease.
  package let lapse: Duration
  /// Between two looks for lapsed leases; each look comes up to a fifth earlier or later.
  package let check: Duration

  /// 1 s, 2 s, 3 s, 500 ms.
  package static let standard = LeaseTimes(
    unchecked: (renew: .seconds(1), giveUp: .seconds(2), lapse: .seconds(3), check: .milliseconds(500)))

  /// Throws unless lapse > give-up > 1.2 × renew and all are positive.
  package init(renew: Duration, giveUp: Duration, lapse: Duration, check: Duration) throws(LeaseTimesError) {
    guard renew > .zero, check > .zero else { throw .notPositive }
    guard giveUp * 5 > renew * 6 else { throw .givesUpBeforeRenewal(giveUp: giveUp, renew: renew) }
    guard lapse > giveUp else { throw .lapsesBeforeGivingUp(lapse: lapse, giveUp: giveUp) }
    self.init(unchecked: (renew, giveUp, lapse, check))
  }

  /// For tests that show what wrong times do.
  package init(unchecked times: (renew: Duration, giveUp: Duration, lapse: Duration, check: Duration)) {
    (renew, giveUp, lapse, check) = times
  }

  /// How long a renewal number stands still before its worker, whose connection is gone, is dead: 1.2 × renew.
  package var standstill: Duration { renew * 6 / 5 }
}

/// Times that would let two workers publish as one, or make a worker give up for nothing.
package enum LeaseTimesError: Error, Sendable, Equatable, CustomStringConvertible {
  case notPositive
  case givesUpBeforeRenewal(giveUp: Duration, renew: Duration)
  case lapsesBeforeGivingUp(lapse: Duration, giveUp: Duration)

  package var description: String {
    switch self {
    case .notPositive: "LEASE_RENEW_MS and LEASE_CHECK_MS must be greater than 0"
    case .givesUpBeforeRenewal(let giveUp, let renew):
      "LEASE_GIVE_UP_MS (\(giveUp)) must be more than 1.2 times LEASE_RENEW_MS (\(renew))"
    case .lapsesBeforeGivingUp(let lapse, let giveUp):
      "LEASE_TTL_MS (\(lapse)) must be more than LEASE_GIVE_UP_MS (\(giveUp))"
    }
  }
}

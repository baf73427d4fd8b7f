/// One look at the owner of a stream, as the store answered it.
package struct OwnerObservation: Sendable, Equatable {
  /// The owner's lease; nil: there is none.
  package var lease: LeaseValue?
  package var connection: LeaseConnection
  /// How long ago it was renewed, at least: the lease time less what the store says is left of it. Nil: not known.
  package var age: Duration?
  /// When the question was sent and its answer was there, on one monotonic clock.
  package var askedAt: Duration
  package var answeredAt: Duration
  /// Nil: the store is the one of old. Else how long nothing follows from what it does not have.
  package var forgetful: Duration?

  package enum LeaseConnection: Sendable, Equatable {
    case present
    case gone
    /// No id is known that means anything on this server.
    case unknown
  }

  package init(
    lease: LeaseValue?, connection: LeaseConnection, age: Duration? = nil, askedAt: Duration, answeredAt: Duration,
    forgetful: Duration? = nil
  ) {
    self.lease = lease
    self.connection = connection
    self.age = age
    self.askedAt = askedAt
    self.answeredAt = answeredAt
    self.forgetful = forgetful
  }
}

package enum OwnerVerdict: Sendable, Equatable {
  case alive
  /// It may be dead: look again after this time.
  case suspect(lookAgainAfter: Duration)
  case dead(Cause)

  package enum Cause: Sendable, Equatable {
    case leaseLapsed
    /// The connection that renewed the lease is closed and the number stands still.
    case connectionGone
    /// The worker id lives, but another life of it than the one that was watched.
    case restarted
    /// The owner is this worker, which runs nothing under that epoch: a claim whose answer was lost, or an earlier life.
    case notRunning
  }
}

/// Whether the owner of a stream is dead, found before its lease lapses where that can be (design.md §3, "Early
/// detection"). Fencing makes a wrong verdict harmless. One value for each owner that is watched.
package struct OwnerJudge: Sendable {
  private let times: LeaseTimes
  private var state = State.unseen

  private enum State: Sendable {
    case unseen
    /// The lease was there, and so was the connection, or nothing is known of it.
    case present(token: String)
    /// The connection is gone, and the number has not moved since the first look that found this.
    case standing(LeaseValue, since: Duration)
  }

  package init(times: LeaseTimes) { self.times = times }

  package mutating func observe(_ look: OwnerObservation) -> OwnerVerdict {
    guard let lease = look.lease else {
      guard let wait = look.forgetful else { return .dead(.leaseLapsed) }
      state = .unseen
      return .suspect(lookAgainAfter: wait)
    }
    if let token, token != lease.token { return .dead(.restarted) }
    guard look.forgetful == nil, look.connection == .gone else {
      state = .present(token: lease.token)
      return .alive
    }
    return stands(lease, look)
  }

  private var token: String? {
    switch state {
    case .unseen: nil
    case .present(let token): token
    case .standing(let lease, _): lease.token
    }
  }

  private mutating func stands(_ lease: LeaseValue, _ look: OwnerObservation) -> OwnerVerdict {
    var stood = look.age ?? .zero
    if case .standing(lease, let since) = state {
      // The number was read after the one was answered and after the other was asked.
      stood = max(stood, look.askedAt - since)
    } else {
      state = .standing(lease, since: look.answeredAt)
    }
    return stood >= times.standstill ? .dead(.connectionGone) : .suspect(lookAgainAfter: times.standstill - stood)
  }
}

/// This worker's own lease: when to renew it, and until when it may publish (design.md §3, "Lease").
///
/// ```
///   none ───confirmed────▶ held ──no confirmation for give-up──▶ givenUp
///     │                     ▲ ▲◀──────────confirmed──────────────┘
///     └──another holder     │ └─confirmed── lost ◀──another holder── held, givenUp
///                 ▼         │                ▲
///              waiting ──confirmed           │
///                 └──the other has renewed───┘
/// ```
///
/// Times are readings of one monotonic clock. Replies may come late, twice, in another order or not at all: what counts
/// is when their renewal was sent, since the store's lease cannot have begun earlier.
package struct LeaseRule: Sendable {
  package enum State: Sendable, Equatable {
    /// Not confirmed since the start. Exits: a confirmation `held`, another holder `waiting`.
    case none
    /// Another life of this worker id had the lease when this one first asked, perhaps one that has just died. Exits: a
    /// confirmation `held`; another number, or a third holder, `lost`.
    case waiting(for: LeaseValue)
    /// Publishing is allowed before `until`. Exits: time `givenUp`, another holder `lost`.
    case held(until: Duration)
    /// Nothing was confirmed in time. Exits: a confirmation `held`, another holder `lost`.
    case givenUp
    /// Another life of this worker id has the lease, and lives. Exits: a confirmation `held`.
    case lost(to: String)
  }

  /// What the store answers to a renewal.
  package enum Answer: Sendable, Equatable {
    /// It was this worker's, and is again.
    case renewed
    /// There was none: it had lapsed, or the store has lost it.
    case created
    case heldByAnother(LeaseValue)
  }

  package private(set) var state = State.none
  private let times: LeaseTimes
  private var nextNumber: UInt64 = 1
  /// The greatest number that was answered in time; what is older says nothing any more.
  private var answered: UInt64 = 0
  private var unanswered: [(number: UInt64, sentAt: Duration)] = []
  private var renewAt: Duration

  package init(times: LeaseTimes, now: Duration) {
    self.times = times
    renewAt = now
  }

  /// When `wake` has something to do.
  package var nextWake: Duration {
    if case .held(let until) = state { min(renewAt, until) } else { renewAt }
  }

  package struct Wake: Sendable, Equatable {
    /// The number of the renewal to send now.
    package var renewal: UInt64?
    package var notice: LeaseNotice?
  }

  package mutating func wake(now: Duration) -> Wake {
    var wake = Wake()
    if case .held(let until) = state, now >= until {
      state = .givenUp
      wake.notice = .gaveUp
    }
    if now >= renewAt { wake.renewal = send(now) }
    return wake
  }

  /// A renewal that is not confirmed is tried again after half the time.
  private mutating func send(_ now: Duration) -> UInt64 {
    unanswered.removeAll { now - $0.sentAt >= times.giveUp }
    unanswered.append((nextNumber, now))
    renewAt = now + times.renew / 2
    defer { nextNumber += 1 }
    return nextNumber
  }

  /// The connection to the store is back.
  package mutating func reconnected(now: Duration) { renewAt = now }

  package mutating func answer(_ number: UInt64, _ answer: Answer, now: Duration) -> LeaseNotice? {
    guard let index = unanswered.firstIndex(where: { $0.number == number }) else { return nil }
    let sentAt = unanswered.remove(at: index).sentAt
    guard number > answered else { return nil }
    answered = number
    renewAt = max(now, sentAt + times.renew)
    switch answer {
    case .heldByAnother(let value): return meet(value, sentAt, now)
    case .renewed: return hold(until: sentAt + times.giveUp, created: false, now)
    case .created: return hold(until: sentAt + times.giveUp, created: true, now)
    }
  }

  /// Whether a value that the store has is that of a renewal whose answer is known: what it answered has been told.
  package func knows(_ value: LeaseValue) -> Bool { value.number <= answered }

  private mutating func meet(_ other: LeaseValue, _ sentAt: Duration, _ now: Duration) -> LeaseNotice? {
    switch state {
    case .none:
      state = .waiting(for: other)
      renewAt = max(now, sentAt + times.renew / 2)
      return .waits(for: other.token)
    case .waiting(for: other):
      renewAt = max(now, sentAt + times.renew / 2)
      return nil
    case .lost(to: other.token): return nil
    case .waiting, .held, .givenUp, .lost:
      state = .lost(to: other.token)
      return .lost(to: other.token)
    }
  }

  private mutating func hold(until deadline: Duration, created: Bool, _ now: Duration) -> LeaseNotice? {
    guard deadline > now else { return nil }
    switch state {
    case .held(let until):
      state = .held(until: max(until, deadline))
      return created ? .restored : nil
    case .none, .waiting, .givenUp, .lost:
      state = .held(until: deadline)
      return .gained(wasGone: created)
    }
  }
}

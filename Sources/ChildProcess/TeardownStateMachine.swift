/// The rules by which a child process ends: SIGTERM, after a grace SIGKILL, and the rest of its group with it.
///
/// ```
///   running ──terminate──▶ terminating(deadline) ──deadline, kill──▶ killing ──▶ exited
///      └──────────────kill──────────────────────────────────────────▶ ┘          ▲
///      └──────────────the leader exits, in any state ────────────────────────────┘
/// ```
struct TeardownStateMachine {
  typealias Instant = ContinuousClock.Instant

  private enum State {
    /// → terminating, killing, exited
    case running
    /// SIGTERM was sent; SIGKILL follows at the deadline. → terminating (earlier deadline), killing, exited
    case terminating(deadline: Instant)
    /// SIGKILL was sent. → exited
    case killing
    /// The leader has ended, no signal is sent any more. Final.
    case exited
  }

  enum TerminateAction: Equatable {
    /// Send SIGTERM and call `graceElapsed` with this deadline when it has come.
    case sendTerminate(deadline: Instant)
    /// Call `graceElapsed` with this deadline instead of the one before.
    case moveDeadline(to: Instant)
    case doNothing
  }

  enum KillAction: Equatable {
    case sendKill
    case doNothing
  }

  enum ExitAction: Equatable {
    /// Kill what is left of the group while the leader's number cannot be used again, then reap the leader.
    case killGroupAndReap
    case doNothing
  }

  private var state = State.running

  /// A second call can bring the deadline forward, never move it back.
  mutating func terminateRequested(deadline: Instant) -> TerminateAction {
    switch state {
    case .running:
      state = .terminating(deadline: deadline)
      return .sendTerminate(deadline: deadline)
    case .terminating(let current):
      guard deadline < current else { return .doNothing }
      state = .terminating(deadline: deadline)
      return .moveDeadline(to: deadline)
    case .killing, .exited:
      return .doNothing
    }
  }

  /// The timer of `deadline` has fired. One of a deadline that has been moved is stale.
  mutating func graceElapsed(deadline: Instant) -> KillAction {
    switch state {
    case .terminating(let current) where current == deadline:
      state = .killing
      return .sendKill
    case .running, .terminating, .killing, .exited:
      return .doNothing
    }
  }

  mutating func killRequested() -> KillAction {
    switch state {
    case .running, .terminating:
      state = .killing
      return .sendKill
    case .killing, .exited:
      return .doNothing
    }
  }

  mutating func leaderExited() -> ExitAction {
    switch state {
    case .running, .terminating, .killing:
      state = .exited
      return .killGroupAndReap
    case .exited:
      return .doNothing
    }
  }
}

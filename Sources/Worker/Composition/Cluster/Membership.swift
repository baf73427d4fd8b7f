internal import Synchronization

/// Whether this worker knows what other lives of its id have left in the cluster: before that it writes no entry and
/// claims nothing.
final class Membership: Sendable {
  private struct State {
    var life = 1
    var settled = 0
  }

  private let state = Mutex(State())

  var isSettled: Bool { state.withLock { $0.settled == $0.life } }
  /// Nothing has been looked through yet.
  var isFirst: Bool { state.withLock { $0.settled == 0 } }
  var life: Int { state.withLock { $0.life } }

  /// All up to this life is looked through.
  func settle(_ life: Int) { state.withLock { $0.settled = max($0.settled, life) } }

  /// The lease was gone once more.
  func unsettle() { state.withLock { if $0.settled == $0.life { $0.life += 1 } } }
}

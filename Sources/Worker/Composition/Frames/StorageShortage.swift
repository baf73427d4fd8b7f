internal import Synchronization

/// That something could not be written for want of space, from then until a look finds that there is room again.
final class StorageShortage: Sendable {
  private struct State {
    var isShort = false
    var notes: UInt64 = 0
  }

  private let state = Mutex(State())

  var isShort: Bool { state.withLock { $0.isShort } }

  /// How often it was noted: what a look that begins now may end.
  var notes: UInt64 { state.withLock { $0.notes } }

  func note() {
    state.withLock {
      $0.isShort = true
      $0.notes += 1
    }
  }

  /// There is room, as a look says that began at `notes`; what was noted since then is newer.
  func end(asOf notes: UInt64) { state.withLock { if $0.notes == notes { $0.isShort = false } } }
}

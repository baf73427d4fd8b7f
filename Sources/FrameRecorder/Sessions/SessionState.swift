/// Where a session stands.
///
/// ```
///   active ─▶ ended ─▶ archiving ─▶ ready ──▶ deleting ─▶ deleted
///              │  ▲       │  │                   ▲
///              │  └─again─┘  └──▶ failed ────────┘
///              └──▶ skipped
/// ```
package enum SessionState: String, CaseIterable, Sendable {
  case active, ended, skipped, archiving, ready, failed, deleting, deleted

  package var successors: Set<SessionState> {
    switch self {
    case .active: [.ended]
    case .ended: [.archiving, .skipped]
    case .archiving: [.ready, .ended, .failed]
    case .ready, .failed: [.deleting]
    case .deleting: [.deleted]
    case .skipped, .deleted: []
    }
  }

  /// Its segments are still to be archived: retention spares them for a while.
  package var isHeld: Bool { self == .ended || self == .archiving }
}

/// Why a session ended.
package enum SessionEnd: String, CaseIterable, Sendable {
  /// The device fell silent.
  case offline
  /// It is as long as one may be.
  case limit
  /// The next frame came after the offline limit, before anybody had looked.
  case gap
  /// `reset-device`
  case reset
}

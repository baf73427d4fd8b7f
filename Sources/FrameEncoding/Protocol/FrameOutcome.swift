/// What became of one frame.
package enum FrameOutcome: Equatable, Sendable {
  /// It is in the segment. `truncated`: its JPEG has no end marker.
  case good(truncated: Bool)
  /// `detail` is for people; it names no content.
  case bad(FrameFault, detail: String)

  package var isGood: Bool {
    switch self {
    case .good: true
    case .bad: false
    }
  }
}

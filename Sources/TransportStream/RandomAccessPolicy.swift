/// Decides whose word counts: the source's random_access_indicator, or what its pictures say.
package struct RandomAccessPolicy {
  package enum Ruling: Equatable, Sendable {
    case point
    case notPoint
    /// The indicator does not tell: look into the PES packet.
    case parse
  }

  private enum Trust {
    case never
    /// The indicator is in use; `since` is the 90 kHz time of the last one.
    case indicator(since: Int64?)
  }

  /// A stream that was without an indicator for longer than this (90 kHz) is parsed again.
  package static let patience: Int64 = 20 * 90_000

  private var trust = Trust.never

  package init() {}

  /// `time`: the decode time of the PES packet that starts, 90 kHz.
  package mutating func rule(indicator: Bool, time: Int64?) -> Ruling {
    if indicator {
      trust = .indicator(since: time)
      return .point
    }
    guard case .indicator(let since) = trust else { return .parse }
    guard let time else { return .notPoint }
    guard let since else {
      trust = .indicator(since: time)
      return .notPoint
    }
    guard time &- since > RandomAccessPolicy.patience else { return .notPoint }
    trust = .never
    return .parse
  }

  /// The times make a jump: patience starts anew.
  package mutating func timelineJumped() {
    if case .indicator = trust { trust = .indicator(since: nil) }
  }
}

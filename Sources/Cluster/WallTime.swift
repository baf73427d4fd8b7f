/// A moment of the store's wall clock, in microseconds since 1970-01-01T00:00:00Z. For display and for epochs; what
/// has expired is judged by `ClusterTime.elapsed` alone.
package struct WallTime: Hashable, Comparable, Sendable {
  package let microseconds: UInt64

  package init(microseconds: UInt64) { self.microseconds = microseconds }

  package var milliseconds: UInt64 { microseconds / 1000 }

  /// The moment `duration` after this one, or before it if negative; not before 1970.
  package func advanced(by duration: Duration) -> WallTime {
    let (value, overflow) =
      duration < .zero
      ? microseconds.subtractingReportingOverflow((.zero - duration).wholeMicroseconds)
      : microseconds.addingReportingOverflow(duration.wholeMicroseconds)
    guard overflow else { return WallTime(microseconds: value) }
    return WallTime(microseconds: duration < .zero ? 0 : .max)
  }

  /// How long this moment is after `earlier`; zero when the clock was set back in between.
  package func since(_ earlier: WallTime) -> Duration {
    .microseconds(microseconds > earlier.microseconds ? microseconds - earlier.microseconds : 0)
  }

  package static func < (left: WallTime, right: WallTime) -> Bool { left.microseconds < right.microseconds }
}

extension Duration {
  /// Microseconds, rounded down, of a duration that is not negative.
  fileprivate var wholeMicroseconds: UInt64 {
    let parts = components
    let (micros, overflow) = UInt64(parts.seconds).multipliedReportingOverflow(by: 1_000_000)
    return overflow ? .max : micros &+ UInt64(parts.attoseconds / 1_000_000_000_000)
  }
}

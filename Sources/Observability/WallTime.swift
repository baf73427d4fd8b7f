internal import Glibc

/// A moment of the wall clock, this machine's or a store's, in microseconds since 1970-01-01T00:00:00Z. For showing and for
/// epochs: what has expired is judged by a monotonic clock, or by the store's own.
package struct WallTime: Hashable, Comparable, Sendable {
  package let microseconds: UInt64

  package init(microseconds: UInt64) { self.microseconds = microseconds }

  package var milliseconds: UInt64 { microseconds / 1000 }

  package static var now: WallTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return WallTime(microseconds: UInt64(clamping: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000))
  }

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

  /// RFC 3339 in UTC with microseconds, as the API writes times: `2026-11-21T04:14:22.827665+00:00`.
  package var text: String { text(fraction: microseconds % 1_000_000, digits: 6) + "+00:00" }

  /// RFC 3339 in UTC with milliseconds, as log lines begin: `2026-11-21T04:14:22.827Z`.
  package var shortText: String { text(fraction: milliseconds % 1000, digits: 3) + "Z" }

  /// As the `Date` field of HTTP has it (IMF-fixdate, RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
  package var httpText: String {
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let parts = parts
    return "\(days[Int(parts.tm_wday)]), \(padded(parts.tm_mday, 2)) \(months[Int(parts.tm_mon)])"
      + " \(parts.tm_year + 1900) \(clock(parts)) GMT"
  }

  private func text(fraction: UInt64, digits: Int) -> String {
    let parts = parts
    let date = [padded(Int64(parts.tm_year) + 1900, 4), padded(Int64(parts.tm_mon) + 1, 2), padded(parts.tm_mday, 2)]
    return date.joined(separator: "-") + "T" + clock(parts) + "." + padded(fraction, digits)
  }

  private func clock(_ parts: tm) -> String {
    [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded($0, 2) }.joined(separator: ":")
  }

  private var parts: tm {
    var (seconds, parts) = (time_t(microseconds / 1_000_000), tm())
    gmtime_r(&seconds, &parts)
    return parts
  }
}

private func padded(_ value: some BinaryInteger, _ width: Int) -> String {
  let digits = String(value)
  return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}

extension Duration {
  /// Microseconds, rounded down, of a duration that is not negative.
  fileprivate var wholeMicroseconds: UInt64 {
    let parts = components
    let (micros, overflow) = UInt64(parts.seconds).multipliedReportingOverflow(by: 1_000_000)
    return overflow ? .max : micros &+ UInt64(parts.attoseconds / 1_000_000_000_000)
  }
}

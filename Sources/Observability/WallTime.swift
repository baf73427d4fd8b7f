internal import Glibc

/// A moment of the wall clock, to the microsecond. For showing only: durations are measured with the monotonic clock.
package struct WallTime: Hashable, Comparable, Sendable {
  package let microsecondsSince1970: Int64

  package init(microsecondsSince1970: Int64) { self.microsecondsSince1970 = microsecondsSince1970 }

  package static var now: WallTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return WallTime(microsecondsSince1970: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
  }

  package static func < (left: WallTime, right: WallTime) -> Bool {
    left.microsecondsSince1970 < right.microsecondsSince1970
  }

  /// RFC 3339 in UTC with microseconds, as the API writes times: `2026-11-21T04:14:22.827665+00:00`.
  package var text: String { text(fraction: fraction, digits: 6) + "+00:00" }

  /// RFC 3339 in UTC with milliseconds, as log lines begin: `2026-11-21T04:14:22.827Z`.
  package var shortText: String { text(fraction: fraction / 1000, digits: 3) + "Z" }

  /// Microseconds since the last whole second, 0 to 999,999, for times before 1970 too.
  private var fraction: Int64 {
    let rest = microsecondsSince1970 % 1_000_000
    return rest < 0 ? rest + 1_000_000 : rest
  }

  private func text(fraction: Int64, digits: Int) -> String {
    var seconds = time_t((microsecondsSince1970 - self.fraction) / 1_000_000)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    let date = [padded(Int64(parts.tm_year) + 1900, 4), padded(Int64(parts.tm_mon) + 1, 2), padded(parts.tm_mday, 2)]
    let clock = [padded(parts.tm_hour, 2), padded(parts.tm_min, 2), padded(parts.tm_sec, 2)]
    return date.joined(separator: "-") + "T" + clock.joined(separator: ":") + "." + padded(fraction, digits)
  }
}

private func padded(_ value: some BinaryInteger, _ width: Int) -> String {
  let digits = String(value)
  return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}

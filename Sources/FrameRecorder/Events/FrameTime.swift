internal import Glibc

/// A moment of some producer's or store's wall clock: milliseconds since 1970-01-01T00:00:00Z, before it negative, within
/// the years 0 to 9999.
package struct FrameTime: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let milliseconds: Int64

  private static let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

  /// What lies outside the range becomes its end.
  package init(milliseconds: Int64) {
    self.milliseconds = min(max(milliseconds, Self.range.lowerBound), Self.range.upperBound)
  }

  package init(_ entry: EntryID) { self.init(milliseconds: Int64(clamping: entry.milliseconds)) }

  /// This machine's clock.
  package static var wallClock: FrameTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return FrameTime(milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
  }

  package static func < (left: FrameTime, right: FrameTime) -> Bool { left.milliseconds < right.milliseconds }

  /// Milliseconds from `earlier` to this moment; negative if it is the later one.
  package func milliseconds(since earlier: FrameTime) -> Int64 { milliseconds - earlier.milliseconds }

  package func advanced(byMilliseconds count: Int64) -> FrameTime {
    let (sum, overflow) = milliseconds.addingReportingOverflow(count)
    return FrameTime(milliseconds: overflow ? (count < 0 ? .min : .max) : sum)
  }

  /// RFC 3339 in UTC: `2026-11-21T04:14:22.827Z`.
  package var description: String {
    var text: [UInt8] = []
    write(to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// Appends the 24 characters of `description`.
  func write(to text: inout [UInt8]) {
    let day = Int64(86_400_000)
    let days = (milliseconds >= 0 ? milliseconds : milliseconds - day + 1) / day
    let date = CivilDate(daysSince1970: Int(days))
    let rest = Int(milliseconds - days * day)
    text.append(date.year, digits: 4)
    text.append(UInt8(ascii: "-"))
    text.append(date.month, digits: 2)
    text.append(UInt8(ascii: "-"))
    text.append(date.day, digits: 2)
    text.append(UInt8(ascii: "T"))
    text.append(rest / 3_600_000, digits: 2)
    text.append(UInt8(ascii: ":"))
    text.append(rest / 60_000 % 60, digits: 2)
    text.append(UInt8(ascii: ":"))
    text.append(rest / 1_000 % 60, digits: 2)
    text.append(UInt8(ascii: "."))
    text.append(rest % 1_000, digits: 3)
    text.append(UInt8(ascii: "Z"))
  }
}

extension [UInt8] {
  /// Appends `value` ≥ 0 in decimal, with zeros in front up to `digits`.
  mutating func append(_ value: Int, digits: Int) {
    var (power, width) = (1, 1)
    while width < digits || value / power >= 10 {
      power *= 10
      width += 1
    }
    while power > 0 {
      append(UInt8(ascii: "0") + UInt8(value / power % 10))
      power /= 10
    }
  }
}

internal import FrameEncoding
internal import Glibc

/// A moment as the clocks of a time zone show it.
struct LocalTime: Equatable {
  var year: Int
  /// 1…12
  var month: Int
  var day: Int
  var hour: Int
  var minute: Int
  var second: Int
  var millisecond: Int
  /// 1…366
  var dayOfYear: Int
  /// 0…6 from Sunday on
  var weekday: Int
  /// East of Greenwich.
  var offsetMinutes: Int

  /// `moment` in µs since 1970. A zone other than UTC becomes this process's (TZ): an encoder does one thing at a time.
  init(_ moment: Int64, in zone: ZoneName) {
    var seconds = time_t(moment.floored(by: 1_000_000))
    var fields = tm()
    if zone.isUTC {
      gmtime_r(&seconds, &fields)
    } else {
      Self.enter(zone)
      localtime_r(&seconds, &fields)
    }
    year = Int(fields.tm_year) + 1900
    month = Int(fields.tm_mon) + 1
    day = Int(fields.tm_mday)
    hour = Int(fields.tm_hour)
    minute = Int(fields.tm_min)
    second = Int(fields.tm_sec)
    millisecond = Int(moment.floored(by: 1000) - Int64(seconds) * 1000)
    dayOfYear = Int(fields.tm_yday) + 1
    weekday = Int(fields.tm_wday)
    offsetMinutes = Int(fields.tm_gmtoff) / 60
  }

  private static func enter(_ zone: ZoneName) {
    let wanted = ":" + zone.name
    if let current = getenv("TZ"), String(cString: current) == wanted { return }
    setenv("TZ", wanted, 1)
    tzset()
  }
}

extension Int64 {
  /// Towards the past, also before 1970.
  fileprivate func floored(by divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}

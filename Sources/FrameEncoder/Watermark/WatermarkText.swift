internal import FrameEncoding

extension WatermarkStyle {
  /// What the watermark of a frame says, in printable ASCII. `moment` in µs since 1970.
  func text(at moment: Int64) -> String {
    let time = LocalTime(moment, in: timeZone)
    var text = format.text(at: time)
    if showsTimeZone { text += " \(time.offsetText) [\(timeZone.name)]" }
    return String(text.map { $0.isASCII && ("\u{20}"..."\u{7E}").contains($0) ? $0 : "?" })
  }
}

extension WatermarkFormat {
  func text(at time: LocalTime) -> String {
    parts.reduce(into: "") { text, part in
      switch part {
      case .text(let character): text.append(character)
      case .directive(let directive): text += Self.text(of: directive, at: time)
      }
    }
  }

  private static func text(of directive: Directive, at time: LocalTime) -> String {
    switch directive {
    case .year: padded(time.year, 4)
    case .month: padded(time.month, 2)
    case .day: padded(time.day, 2)
    case .hour: padded(time.hour, 2)
    case .minute: padded(time.minute, 2)
    case .second: padded(time.second, 2)
    case .shortYear: padded(abs(time.year % 100), 2)
    case .dayOfYear: padded(time.dayOfYear, 3)
    case .monthName: months[time.month - 1]
    case .weekday: weekdays[time.weekday]
    case .half: time.hour < 12 ? "AM" : "PM"
    case .hourOfHalf: padded((time.hour + 11) % 12 + 1, 2)
    case .millisecond: padded(time.millisecond, 3)
    }
  }

  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
  private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
}

extension LocalTime {
  /// `+HH:MM`
  fileprivate var offsetText: String {
    let minutes = abs(offsetMinutes)
    return "\(offsetMinutes < 0 ? "-" : "+")\(padded(minutes / 60, 2)):\(padded(minutes % 60, 2))"
  }
}

private func padded(_ number: Int, _ digits: Int) -> String {
  let text = String(number)
  return String(repeating: "0", count: max(0, digits - text.count)) + text
}

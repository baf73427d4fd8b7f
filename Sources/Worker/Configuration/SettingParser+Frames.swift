internal import FrameEncoding
internal import FrameRecorder

extension SettingParser where Value == Int {
  static func even(_ range: ClosedRange<Int>) -> SettingParser {
    let integer = SettingParser<Int>.integer(range)
    return SettingParser(
      allowed: "an even number from \(range.lowerBound) to \(range.upperBound)",
      parse: { integer.parse($0).flatMap { $0 % 2 == 0 ? $0 : nil } }, show: { String($0) })
  }

  /// 0, or at least a minute.
  static var sessionLimit: SettingParser {
    let integer = SettingParser<Int>.integer(0...86_400)
    return SettingParser(
      allowed: "a whole number from 60 to 86400 (0 = no limit)",
      parse: { integer.parse($0).flatMap { $0 == 0 || $0 >= 60 ? $0 : nil } }, show: { String($0) })
  }
}

extension SettingParser where Value == String {
  /// An absolute path, slashes at its end taken away.
  static var folder: SettingParser {
    SettingParser(
      allowed: "an absolute path",
      parse: { text in
        var path = text[...]
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path.hasPrefix("/") && !path.unicodeScalars.contains { $0.value < 0x20 } ? String(path) : nil
      }, show: { $0 })
  }

  static var watermarkFormat: SettingParser {
    let known = WatermarkFormat.Directive.allCases.map { "%\($0.rawValue)" }.joined(separator: " ")
    return .text("text with the directives \(known) %%") { (try? WatermarkFormat($0)) != nil }
  }

  static var timeZone: SettingParser {
    .text("UTC or a name of the zone database such as Europe/Berlin (Debian's package tzdata)") {
      (try? ZoneName($0)) != nil
    }
  }
}

extension SettingParser where Value == FrameTime {
  static var moment: SettingParser {
    SettingParser(
      allowed: "a time such as 2015-01-01T00:00:00Z, or seconds since 1970", parse: { ParsedTime($0)?.time },
      show: \.description)
  }
}

extension SettingParser where Value == PathMapping {
  static var pathMapping: SettingParser {
    SettingParser(allowed: "of the form from=/to", parse: { PathMapping($0) }, show: \.description)
  }
}

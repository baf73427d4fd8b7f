/// Where a value comes from.
package enum SettingOrigin: Hashable, Sendable, CustomStringConvertible {
  case flag
  case environment
  /// A line, counted from 1, of the file as it was named.
  case file(String, line: Int)
  case standard
  /// The value follows from another setting.
  case follows(String)

  package var description: String {
    switch self {
    case .flag: "flag"
    case .environment: "environment"
    case .file(let name, let line): "\(name) line \(line)"
    case .standard: "default"
    case .follows(let name): "follows \(name)"
    }
  }
}

/// A name and a value as somebody wrote them.
package struct GivenSetting: Hashable, Sendable {
  package let name: String
  package let value: String
  package let origin: SettingOrigin

  package init(name: String, value: String, origin: SettingOrigin) {
    self.name = name
    self.value = value
    self.origin = origin
  }
}

/// One line of FFmpeg's standard error, written with `-loglevel level+…`.
package struct FFmpegLogLine: Sendable, Equatable {
  /// `info`, `warning`, `error`, `fatal`, `panic`; nil for a line without a level.
  package let level: String?
  /// Without its level, with the component in front if there is one: `[h264 @ 0x…] `.
  package let text: String

  /// Longer lines are cut.
  package static let maximumBytes = 4096
  private static let levels: Set<String> = ["panic", "fatal", "error", "warning", "info", "verbose", "debug", "trace"]

  package init(_ line: some StringProtocol) {
    let cut = String(decoding: line.utf8.prefix(Self.maximumBytes), as: UTF8.self)
    var component = ""
    var rest = cut[...]
    if rest.hasPrefix("["), let close = rest.firstIndex(of: "]"), rest[..<close].contains("@") {
      let end = rest.index(after: close)
      component = String(rest[..<end]) + " "
      rest = rest[end...].drop { $0 == " " }
    }
    if rest.hasPrefix("["), let close = rest.firstIndex(of: "]") {
      let word = String(rest[rest.index(after: rest.startIndex)..<close])
      if Self.levels.contains(word) {
        level = word
        text = component + rest[rest.index(after: close)...].dropFirst()
        return
      }
    }
    level = nil
    text = cut
  }

  /// Whether this is worth a place in `last_error`.
  package var isTrouble: Bool { level.map { ["panic", "fatal", "error", "warning"].contains($0) } ?? true }
}

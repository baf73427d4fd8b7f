/// Reads `NAME=VALUE` lines: `.env` files, and configuration files of that form.
///
/// Blank lines and `#` comments are skipped, `export ` before a name too. A value may stand in `'…'` (literal) or `"…"`
/// (with `\"`, `\\`, `\n`, `\r`, `\t`, `\$`); else it ends before ` #`. Nothing is substituted.
struct KeyValueText {
  private(set) var settings: [GivenSetting] = []
  private(set) var problems: [ConfigurationProblem] = []

  /// `file` is how the problems and origins name it.
  init(_ text: String, file: String) {
    let text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let content = line.trimmed
      if content.isEmpty || content.hasPrefix("#") { continue }
      let origin = SettingOrigin.file(file, line: index + 1)
      switch KeyValueText.read(content) {
      case .success(let pair): settings.append(GivenSetting(name: pair.name, value: pair.value, origin: origin))
      case .failure(let problem):
        problems.append(ConfigurationProblem(name: "\(file) line \(index + 1)", message: problem.message))
      }
    }
  }

  private struct Failure: Error {
    let message: String
  }

  private static func read(_ line: String) -> Result<(name: String, value: String), Failure> {
    var line = line[...]
    if line.hasPrefix("export "), let start = line.dropFirst(7).firstIndex(where: { !$0.isWhitespace }) {
      line = line[start...]
    }
    guard let equals = line.firstIndex(of: "=") else { return .failure(Failure(message: "NAME=VALUE is expected")) }
    let name = line[..<equals].trimmed
    guard !name.isEmpty, !name.contains(where: { $0.isWhitespace || "\"'#".contains($0) }) else {
      return .failure(Failure(message: "NAME=VALUE is expected, with a name of letters, digits and _"))
    }
    return value(of: line[line.index(after: equals)...].trimmed, after: name).map { (name: name, value: $0) }
  }

  private static func value(of text: String, after name: String) -> Result<String, Failure> {
    guard let quote = text.first, quote == "\"" || quote == "'" else { return .success(withoutComment(text)) }
    var value = ""
    var rest = text.dropFirst()
    while let character = rest.popFirst() {
      if character == quote {
        let after = rest.trimmed
        guard after.isEmpty || after.hasPrefix("#") else {
          return .failure(Failure(message: "\(name): nothing but a comment may follow the closing quote"))
        }
        return .success(value)
      }
      if character == "\\", quote == "\"", let next = rest.popFirst() {
        value += unescaped(next)
      } else {
        value.append(character)
      }
    }
    return .failure(Failure(message: "\(name): the closing \(quote) is missing"))
  }

  private static func unescaped(_ character: Character) -> String {
    switch character {
    case "n": "\n"
    case "r": "\r"
    case "t": "\t"
    case "\"", "\\", "$": String(character)
    default: "\\" + String(character)
    }
  }

  private static func withoutComment(_ text: String) -> String {
    var before: Character = " "
    for index in text.indices {
      if text[index] == "#", before.isWhitespace { return text[..<index].trimmed }
      before = text[index]
    }
    return text
  }
}

/// Cuts a template's text into arguments (api.md §4.2, rule 1): blanks separate, `'…'` is literal, in `"…"` only `\"`
/// and `\\` are escapes, blanks inside `{…}` do not separate. Works on bytes.
struct ArgumentSplitter {
  static let maximumBytes = 16384
  static let maximumArguments = 256

  private enum State {
    case between
    case inArgument
    case inSingleQuotes
    case inDoubleQuotes
    case escaped
    case inBraces
  }

  private var state = State.between
  private var arguments: [String] = []
  private var current: [UInt8] = []

  static func split(_ text: String) throws(ProfileError) -> [String] {
    guard text.utf8.count <= maximumBytes else {
      throw .templateRefused(argument: "", reason: "longer than \(maximumBytes) bytes")
    }
    var splitter = ArgumentSplitter()
    for byte in text.utf8 { splitter.take(byte) }
    return try splitter.finish()
  }

  private mutating func take(_ byte: UInt8) {
    switch state {
    case .between:
      guard !Self.isBlank(byte) else { return }
      state = .inArgument
      takeInArgument(byte)
    case .inArgument:
      if Self.isBlank(byte) { endArgument() } else { takeInArgument(byte) }
    case .inSingleQuotes:
      if byte == UInt8(ascii: "'") { state = .inArgument } else { current.append(byte) }
    case .inDoubleQuotes:
      switch byte {
      case UInt8(ascii: "\""): state = .inArgument
      case UInt8(ascii: "\\"): state = .escaped
      default: current.append(byte)
      }
    case .escaped:
      if byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { current.append(UInt8(ascii: "\\")) }
      current.append(byte)
      state = .inDoubleQuotes
    case .inBraces:
      current.append(byte)
      if byte == UInt8(ascii: "}") { state = .inArgument }
    }
  }

  private mutating func takeInArgument(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "'"): state = .inSingleQuotes
    case UInt8(ascii: "\""): state = .inDoubleQuotes
    case UInt8(ascii: "{"):
      state = .inBraces
      current.append(byte)
    default: current.append(byte)
    }
  }

  private mutating func endArgument() {
    arguments.append(String(decoding: current, as: UTF8.self))
    current = []
    state = .between
  }

  private mutating func finish() throws(ProfileError) -> [String] {
    let unfinished = String(decoding: current, as: UTF8.self)
    switch state {
    case .between: break
    case .inArgument: endArgument()
    case .inSingleQuotes, .inDoubleQuotes, .escaped:
      throw .templateRefused(argument: unfinished, reason: "a quote is not closed")
    case .inBraces: throw .templateRefused(argument: unfinished, reason: "a brace is not closed")
    }
    guard arguments.count <= Self.maximumArguments else {
      throw .templateRefused(argument: "", reason: "more than \(Self.maximumArguments) arguments")
    }
    return arguments
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}

/// FFmpeg's arguments as FFmpeg reads them: options before the input, options before the output, one of each.
struct ArgumentList: Equatable, Sendable {
  struct Option: Equatable, Sendable {
    /// Without its dash and without its stream specifier.
    let name: String
    /// After the first `:`.
    let specifier: String?
    /// Nil for options that take none.
    var value: String?

    init(_ name: String, specifier: String? = nil, _ value: String? = nil) {
      self.name = name
      self.specifier = specifier
      self.value = value
    }

    /// As it stands in the command line.
    var flag: String { "-" + name + (specifier.map { ":" + $0 } ?? "") }
    var arguments: [String] { [flag] + (value.map { [$0] } ?? []) }
  }

  var inputOptions: [Option] = []
  var outputOptions: [Option] = []
  private(set) var output = ""

  /// `arguments` in canonical form: the input is `{input_url}`. Anything but exactly one input, followed by exactly
  /// one output at the very end, is refused.
  init(_ arguments: [String]) throws(ProfileError) {
    var hasInput = false
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      guard argument.utf8.first == UInt8(ascii: "-"), argument.utf8.count > 1 else {
        guard hasInput, rest.isEmpty, !argument.isEmpty else {
          throw .templateRefused(argument: argument, reason: "there is one output, and it comes last, after the input")
        }
        output = argument
        return
      }
      var option = try Self.option(argument)
      if !OptionNames.takesNoValue(option.name) {
        guard let value = rest.popFirst() else { throw .templateRefused(argument: argument, reason: "it has no value") }
        option.value = value
      }
      if option.name == "i" {
        guard !hasInput, option.specifier == nil, option.value == Template.inputPlaceholder else {
          throw .templateRefused(argument: argument, reason: "the only input is {input_url}")
        }
        hasInput = true
      } else if hasInput {
        outputOptions.append(option)
      } else {
        inputOptions.append(option)
      }
    }
    throw .templateRefused(argument: arguments.last ?? "", reason: "there is no output after it")
  }

  private static func option(_ argument: String) throws(ProfileError) -> Option {
    let text = argument.dropFirst()
    let colon = text.utf8.firstIndex(of: UInt8(ascii: ":"))
    let name = text[..<(colon ?? text.endIndex)]
    guard let first = name.utf8.first, ASCII.isWord(first), ASCII.matches(name, others: "_-", length: 64) else {
      throw .templateRefused(argument: argument, reason: "it is not an option")
    }
    return Option(String(name), specifier: colon.map { String(text[text.utf8.index(after: $0)...]) })
  }

  // MARK: Questions

  /// The last of the output's options with one of these names, as FFmpeg takes it.
  func outputOption(_ names: String...) -> Option? { outputOptions.last { names.contains($0.name) } }

  func inputOption(_ names: String...) -> Option? { inputOptions.last { names.contains($0.name) } }

  /// The encoder chosen for all streams of a type (`v` or `a`); nil if none is named.
  func encoder(of type: String) -> String? {
    let short = type == "v" ? "vcodec" : "acodec"
    return outputOptions.last {
      switch $0.name {
      case short: true
      case "c", "codec": $0.specifier == nil || $0.specifier == type || $0.specifier == type + ":0"
      default: false
      }
    }?.value
  }

  /// Whether the output wants no stream of a type.
  func excludes(_ type: String) -> Bool { outputOption(type + "n") != nil }
}

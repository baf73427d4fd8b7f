/// The allow-list for templates that come from clients (api.md §4.4). What is not named is refused.
package struct TemplatePolicy: Sendable {
  /// False: every template of a client is refused (CUSTOM_TEMPLATES=off).
  package let allowsTemplates: Bool
  /// Names without dash that the operator allows besides the list (FFMPEG_ALLOW_OPTIONS). Of their values only what
  /// is refused whatever the option is checked.
  package let additionalOptions: Set<String>

  package init(allowsTemplates: Bool = true, additionalOptions: Set<String> = []) {
    self.allowsTemplates = allowsTemplates
    self.additionalOptions = additionalOptions
  }

  /// The names in FFMPEG_ALLOW_OPTIONS: separated by commas or blanks, with or without dash.
  package static func optionNames(_ text: String) -> Set<String> {
    Set(text.split { ", \t".contains($0) }.map { String($0.drop { $0 == "-" }) }.filter { !$0.isEmpty })
  }

  /// Throws for the first argument that is not allowed.
  func check(_ list: ArgumentList) throws(ProfileError) {
    for option in list.inputOptions { try check(option, isInput: true) }
    for option in list.outputOptions { try check(option, isInput: false) }
    guard ["pipe:1", "-"].contains(list.output) || Self.isPlaylistName(list.output) else {
      throw .templateRefused(argument: list.output, reason: "the output is pipe:1, - or, for HLS, a bare name.m3u8")
    }
  }

  private func check(_ option: ArgumentList.Option, isInput: Bool) throws(ProfileError) {
    if let reason = refusal(of: option, isInput: isInput) {
      throw .templateRefused(argument: option.arguments.joined(separator: " "), reason: reason)
    }
  }

  private func refusal(of option: ArgumentList.Option, isInput: Bool) -> String? {
    if additionalOptions.contains(option.name) {
      return specifierRefusal(option, allowed: true)
        ?? option.value.flatMap { OptionValueCheck.refusal(ofAny: $0) }
    }
    guard let rule = OptionRule.named(option.name) else { return "this option is not allowed" }
    switch rule.place {
    case .anywhere: break
    case .input: if !isInput { return "it belongs before -i" }
    case .output: if isInput { return "it belongs after -i" }
    }
    if let reason = specifierRefusal(option, allowed: rule.takesSpecifier) { return reason }
    guard let value = option.value else { return nil }
    return valueRefusal(value, rule: rule.value, isInput: isInput)
  }

  private func specifierRefusal(_ option: ArgumentList.Option, allowed: Bool) -> String? {
    guard let specifier = option.specifier else { return nil }
    guard allowed else { return "this option takes no stream specifier" }
    return OptionValueCheck.isSpecifier(specifier) ? nil : "its stream specifier is malformed"
  }

  private func valueRefusal(_ value: String, rule: OptionRule.Value, isInput: Bool) -> String? {
    var rule = rule
    var mayHoldURL = false
    var mayBeDevice = false
    switch rule {
    case .text: mayHoldURL = true
    case .device: mayBeDevice = true
    case .outputFormat: if isInput { rule = .inputFormat }
    default: break
    }
    return OptionValueCheck.refusal(ofAny: value, mayHoldURL: mayHoldURL, mayBeDevice: mayBeDevice)
      ?? OptionValueCheck.refusal(of: value, by: rule)
  }

  /// A bare `*.m3u8`: FFmpeg never gets it, the log's own playlist takes its place.
  static func isPlaylistName(_ text: String) -> Bool {
    ASCII.matches(text, others: "._-", length: 128) && text.utf8.suffix(5).elementsEqual(".m3u8".utf8)
      && !text.utf8.starts(with: "-".utf8) && !text.utf8.starts(with: ".".utf8)
  }
}

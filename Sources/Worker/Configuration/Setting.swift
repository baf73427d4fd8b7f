/// A part of the configuration, as people read about it.
package enum SettingSection: String, CaseIterable, Sendable {
  case server = "Server"
  case logging = "Log"
  case access = "Access"
  case limits = "Limits"
  case clients = "Clients"
  case sharing = "Sharing"
  case buffer = "Buffer and HLS"
  case source = "Sources and failover"
  case monitoring = "Watching sources"
  case ffmpeg = "FFmpeg and profiles"
  case cluster = "Cluster and Redis"
  case later = "Resolvers, webhooks, broadcasts"
  case frames = "Frames of devices: recording"
  case frameIntake = "Frames of devices: intake and playing"
  case frameStorage = "Frames of devices: storage, archives, cleanup"
  case watermark = "Frames of devices: watermarks"
}

/// One row of the table: from it come parsing, validation, `millrace config`, the help and the README's table.
struct Setting: Sendable {
  let name: String
  let aliases: [String]
  let section: SettingSection
  let defaultText: String
  /// What people read for the default when the default is empty.
  let defaultNote: String
  /// Completes "must be …".
  let allowed: String
  let meaning: String
  let masking: SecretMasking
  let isBoolean: Bool
  /// Whether an empty value is one. Else it counts as not given: compose files pass `NAME=${NAME:-}`.
  let takesEmpty: Bool
  /// Parses and stores; false when the text is not allowed.
  let assign: @Sendable (inout Configuration, String) -> Bool
  /// The value in force, unmasked.
  let show: @Sendable (Configuration) -> String

  init<Value>(
    _ name: String, aliases: [String] = [], default defaultText: String, note: String = "–",
    _ parser: SettingParser<Value>,
    _ path: any WritableKeyPath<Configuration, Value> & Sendable, masking: SecretMasking = .none,
    takesEmpty: Bool = false,
    in section: SettingSection, _ meaning: String
  ) {
    self.name = name
    self.aliases = aliases
    self.section = section
    self.defaultText = defaultText
    defaultNote = defaultText.isEmpty ? note : defaultText
    allowed = parser.allowed
    self.meaning = meaning
    self.masking = masking
    isBoolean = parser.isBoolean
    self.takesEmpty = takesEmpty
    assign = { configuration, text in
      guard let value = parser.parse(text) else { return false }
      configuration[keyPath: path] = value
      return true
    }
    show = { parser.show($0[keyPath: path]) }
  }

  /// `PLAY_TOKEN_TTL` → `--play-token-ttl`.
  var flag: String { Setting.flag(of: name) }

  static func flag(of name: String) -> String { "--" + name.lowercased().replacing("_", with: "-") }
}

/// What a command line asks for.
package enum CommandAction: Hashable, Sendable {
  case serve(CommandSettings)
  case config(CommandSettings, form: ConfigurationForm)
  case profiles(CommandSettings)
  /// `at` nil: the worker of this machine.
  case status(CommandSettings, at: WorkerAddress?, watches: Bool)
  case drain(CommandSettings, at: WorkerAddress?, worker: String)
  case healthcheck(CommandSettings)
  case frames(CommandSettings, FrameCommand)
  case pulsarBridge(CommandSettings)
  case version
  /// Of one command, or of all.
  case help(Command?)
  /// What is wrong, each with the way out.
  case usageError([String])
}

/// The settings of a command line.
package struct CommandSettings: Hashable, Sendable {
  package var flags: [GivenSetting] = []
  /// The file of `--config`.
  package var file: String?
}

/// How `millrace config` prints.
package enum ConfigurationForm: Hashable, Sendable {
  case text, json
  /// All settings with their defaults and meanings, whatever is in force.
  case markdown
}

/// Understands a command line: `millrace [command] [options]`. A pure function of it.
struct CommandLineParser {
  private var rest: ArraySlice<String>
  private var settings = CommandSettings()
  private var form = ConfigurationForm.text
  private var address: WorkerAddress?
  private var watches = false
  private var frameOptions: [FrameOption: String] = [:]
  private var words: [String] = []
  private var problems: [String] = []
  private var wantsHelp = false
  private var wantsVersion = false

  /// `arguments` without the program's name.
  static func parse(_ arguments: [String]) -> CommandAction {
    var parser = CommandLineParser(rest: arguments[...])
    return parser.action()
  }

  private init(rest: ArraySlice<String>) { self.rest = rest }

  private mutating func action() -> CommandAction {
    var command = Command.serve
    if let first = rest.first, !first.hasPrefix("-") {
      rest = rest.dropFirst()
      guard let known = Command(word: first) else { return .usageError([unknownCommand(first)]) }
      command = known
    }
    let isNamed = rest.startIndex > 0
    while let argument = rest.popFirst() { take(argument, of: command) }
    if wantsHelp { return .help(isNamed && command != .help ? command : nil) }
    if wantsVersion { return .version }
    if command != .help, command != .drain {
      problems += words.map { "\($0): no argument is expected here; options begin with --" }
    }
    return problems.isEmpty ? completed(command) : .usageError(problems)
  }

  private func completed(_ command: Command) -> CommandAction {
    switch command {
    case .serve: return .serve(settings)
    case .config: return .config(settings, form: form)
    case .profiles: return .profiles(settings)
    case .status: return .status(settings, at: address, watches: watches)
    case .drain:
      guard let worker = words.first, words.count == 1 else {
        return .usageError(["drain: name one worker: millrace drain WORKER; 'millrace status' shows their names"])
      }
      return .drain(settings, at: address, worker: worker)
    case .healthcheck: return .healthcheck(settings)
    case .offlineChecker, .cleanup, .archiveCleanup, .resetDevice, .archiveRepair:
      do throws(FrameCommandProblem) {
        return .frames(settings, try FrameCommand(command, frameOptions))
      } catch {
        return .usageError([error.text])
      }
    case .pulsarBridge: return .pulsarBridge(settings)
    case .version: return .version
    case .help:
      guard let topic = words.first else { return .help(nil) }
      guard words.count == 1 else { return .usageError(["help explains one command at a time"]) }
      return Command(word: topic).map { .help($0) } ?? .usageError([unknownCommand(topic)])
    }
  }

  private mutating func take(_ argument: String, of command: Command) {
    guard argument.hasPrefix("-"), argument != "-" else { return words.append(argument) }
    switch argument {
    case "--help", "-h": wantsHelp = true
    case "--version": wantsVersion = true
    case "--json" where command == .config: form = .json
    case "--markdown" where command == .config: form = .markdown
    case "--watch" where command == .status: watches = true
    default: takeSetting(argument, of: command)
    }
  }

  private mutating func takeSetting(_ argument: String, of command: Command) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let flag = parts[0]
    let joined = parts.count == 2 ? parts[1] : nil
    if let option = FrameOption(flag, of: command) { return take(option, flag, joined) }
    let setting = CommandLineParser.settings[flag]
    let isAddress = flag == "--url" && command.asksWorkers
    guard command.takesSettings, flag == "--config" || isAddress || setting != nil else {
      if joined == nil { _ = nextValue() }  // most likely its value
      return problems.append(unknownOption(flag, of: command))
    }
    if let setting, setting.isBoolean, joined == nil {
      return add(flag, booleanValue())
    }
    guard let value = joined ?? nextValue() else {
      return problems.append("\(flag): a value is missing: \(flag)=VALUE")
    }
    if isAddress { return takeAddress(value) }
    if flag == "--config" { settings.file = value } else { add(flag, value) }
  }

  private mutating func take(_ option: FrameOption, _ flag: String, _ joined: String?) {
    guard option.takesValue else {
      if joined != nil { problems.append("\(flag): it takes no value") }
      return frameOptions[option] = ""
    }
    guard let value = joined ?? nextValue() else {
      return problems.append("\(flag): a value is missing: \(flag) VALUE")
    }
    if option == .interval { return add("--frames-check-interval-seconds", value) }
    frameOptions[option] = value
  }

  private mutating func takeAddress(_ value: String) {
    address = WorkerAddress(value)
    if address == nil { problems.append("--url: it must be http://host:port, of a worker or of the balancer") }
  }

  private mutating func add(_ flag: String, _ value: String) {
    let name = flag.dropFirst(2).uppercased().replacing("-", with: "_")
    settings.flags.append(GivenSetting(name: name, value: value.trimmed, origin: .flag))
  }

  /// A boolean flag alone means true; the next argument is its value only if it is a boolean.
  private mutating func booleanValue() -> String {
    guard let next = rest.first, SettingParser<Bool>.boolean.parse(next) != nil else { return "true" }
    rest = rest.dropFirst()
    return next
  }

  /// The next argument unless it is an option; `-50` is a value.
  private mutating func nextValue() -> String? {
    guard let next = rest.first, !next.hasPrefix("--") else { return nil }
    rest = rest.dropFirst()
    return next
  }

  private static let settings: [String: Setting] = Dictionary(
    uniqueKeysWithValues: SettingTable.byName.map { (Setting.flag(of: $0.key), $0.value) })

  private func unknownOption(_ flag: String, of command: Command) -> String {
    var options = ["--help", "--version"]
    if command.takesSettings { options += ["--config"] + CommandLineParser.settings.keys.sorted() }
    if command.asksWorkers { options.append("--url") }
    if command == .status { options.append("--watch") }
    options += FrameOption.of(command).map(\.rawValue)
    if command == .config { options += ["--json", "--markdown"] }
    let hint = nearest(to: flag, in: options).map { "; did you mean \($0)?" } ?? ";"
    return "\(flag): no such option of '\(command.rawValue)'\(hint) 'millrace help \(command.rawValue)' lists all"
  }

  private func unknownCommand(_ name: String) -> String {
    let names = Command.allCases.map(\.rawValue)
    let hint = nearest(to: name, in: names).map { "; did you mean \($0)?" } ?? ";"
    return "\(name): no such command\(hint) the commands are \(names.joined(separator: ", "))"
  }
}

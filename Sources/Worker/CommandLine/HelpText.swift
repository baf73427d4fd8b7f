/// What `millrace --help` and `millrace help <command>` print.
enum HelpText {
  static func text(for command: Command?) -> String {
    guard let command else { return overview }
    switch command {
    case .serve: return usage(command) + sources + "\n" + options
    case .config:
      return usage(command)
        + """
        --json      as one JSON object
        --markdown  all settings with their defaults and meanings, as the README shows them

        The settings of 'serve' may be given too. Secrets are shown as ***.

        """
    case .profiles:
      return usage(command)
        + """
        Reads PROFILES_FILE as a worker does when it starts. To check a file:

          millrace profiles --profiles-file=FILE

        Exit status 2, and what is wrong, if a worker would not start with it.

        """
    case .status:
      return usage(command)
        + """
        --watch  shows it anew each second, until Ctrl-C
        --url    asks that worker, or the balancer in front of them; else the worker of this machine, at HOST and PORT

        Any worker knows the whole cluster. 'lag' is how far a viewer is behind the newest media, of a stream that of its
        last viewer. Times are UTC. With API_TOKEN the workers want it here too: in the environment or a file.
        Exit status 1 if no worker answers. The settings of 'serve' may be given too.

        """
    case .drain:
      return usage(command)
        + """
        --url  asks that worker, or the balancer in front of them; else the worker of this machine, at HOST and PORT

        WORKER is a name that 'millrace status' shows. It takes no new streams and no new connections, hands over what it
        runs, closes its viewers' connections, and ends within SHUTDOWN_GRACE with exit status 0, as at SIGTERM.
        Exit status 1 if there is no such worker, or no answer. The settings of 'serve' may be given too.

        """
    case .healthcheck:
      return usage(command)
        + """
        Asks GET /livez at HOST and PORT, for at most 2 seconds: exit status 0 if the answer is 200, else 1.
        The settings of 'serve' may be given too; it reads the same environment and files.

        """
    case .offlineChecker, .cleanup, .archiveCleanup, .resetDevice, .archiveRepair:
      return usage(command) + FrameHelp.text(of: command)
    case .pulsarBridge:
      return usage(command)
        + """
        A process of its own beside the workers. It takes the messages of PULSAR_TOPIC (one event as JSON each, key = the
        device) from the subscription PULSAR_SUBSCRIPTION of type Key_Shared to the Redis of the workers, and acknowledges
        each when Redis has it. What is no event goes to the dead letters. GET /metrics and /livez at HOST and METRICS_PORT.
        It needs libpulsar, Apache's C and C++ client, found at PULSAR_LIBRARY: the Python package pulsar-client brings it
        as pulsar_client.libs/libpulsar-….so.
        Exit status 0 after SIGTERM, 1 if Redis or Pulsar cannot be reached for 30 s, 2 if the library is absent or a setting
        wrong, 130 at the second signal. The settings of 'serve' may be given; it reads the same environment and files.

        """
    case .version, .help: return usage(command)
    }
  }

  private static let overview: String = {
    let width = Command.allCases.map(\.rawValue.count).max() ?? 0
    let commands = Command.allCases.map { "  \(padded($0.rawValue, width))  \($0.summary)\n" }.joined()
    return
      "Millrace \(ProductVersion.text): one source, any number of viewers.\n\nUsage: millrace [command] [options]\n\n"
      + commands + "\n" + sources + "\n'millrace help serve' lists all settings.\n"
  }()

  private static func usage(_ command: Command) -> String {
    let arguments =
      switch command {
      case .serve, .profiles, .healthcheck, .pulsarBridge: " [--SETTING=VALUE …] [--config FILE]"
      case .status: " [--watch] [--url http://HOST:PORT] [--SETTING=VALUE …] [--config FILE]"
      case .drain: " WORKER [--url http://HOST:PORT] [--SETTING=VALUE …] [--config FILE]"
      case .offlineChecker, .cleanup, .archiveCleanup, .resetDevice, .archiveRepair:
        FrameHelp.arguments(of: command) + " [--SETTING=VALUE …] [--config FILE]"
      case .config: " [--json | --markdown] [--SETTING=VALUE …] [--config FILE]"
      case .help: " [command]"
      case .version: ""
      }
    return "millrace \(command.rawValue): \(command.summary)\n\nUsage: millrace \(command.rawValue)\(arguments)\n\n"
  }

  private static let sources = """
    A setting is a flag (--port 9000 or --port=9000), a variable of the environment (PORT=9000), a line of the file that
    --config names (YAML if it ends in .yaml, .yml or .json, else NAME=VALUE), or a line of .env in the working folder.
    The first of these that has it wins. Times are in seconds unless the name says otherwise. Secrets are better given
    in the environment or a file: everybody on the machine can read a command line.

    """

  private static let options: String = SettingSection.allCases.map { section in
    let settings = SettingTable.all.filter { $0.section == section }
    let lines = settings.map { setting in
      let flags = ([setting.name] + setting.aliases).map(Setting.flag).joined(separator: ", ")
      return "  \(flags)\n      \(setting.meaning) [\(setting.defaultNote)]\n"
    }
    return "\(section.rawValue):\n" + lines.joined()
  }.joined(separator: "\n")

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}

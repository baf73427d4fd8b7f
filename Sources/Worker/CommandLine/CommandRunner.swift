internal import Foundation

/// Does what a command line asks for, and answers the exit status: 0 done, 1 failed, 2 the command line or the
/// configuration is wrong and trying again will not help. `healthcheck` knows 0 and 1 only, as containers want it.
package struct CommandRunner: Sendable {
  private let serve: @Sendable (Configuration) async -> Int32
  private let keep: @Sendable (Configuration, FrameCommand, @escaping @Sendable (String) -> Void) async -> Int32
  private let bridge: @Sendable (Configuration) async -> Int32
  private let write: @Sendable (String) -> Void
  private let writeError: @Sendable (String) -> Void
  private let directory: String

  /// `serve` runs a worker until it is told to end, and answers the exit status; `bridge` a bridge; `keep` does one of the
  /// commands that keep recordings. `directory` is that of `.env`.
  package init(
    directory: String = FileManager.default.currentDirectoryPath,
    write: @escaping @Sendable (String) -> Void = { try? FileHandle.standardOutput.write(contentsOf: Data($0.utf8)) },
    writeError: @escaping @Sendable (String) -> Void = {
      try? FileHandle.standardError.write(contentsOf: Data($0.utf8))
    },
    keep: @escaping @Sendable (Configuration, FrameCommand, @escaping @Sendable (String) -> Void) async -> Int32 = {
      await FrameCommandMain.run($0, $1, write: $2)
    },
    bridge: @escaping @Sendable (Configuration) async -> Int32 = { await BridgeMain.run(configuration: $0) },
    serve: @escaping @Sendable (Configuration) async -> Int32
  ) {
    (self.serve, self.keep, self.bridge) = (serve, keep, bridge)
    self.write = write
    self.writeError = writeError
    self.directory = directory
  }

  /// `arguments` without the program's name.
  package func run(arguments: [String], environment: [String: String]) async -> Int32 {
    switch CommandLineParser.parse(arguments) {
    case .serve(let settings): return await run(serve, settings, environment) { $0.refusals }
    case .pulsarBridge(let settings): return await run(bridge, settings, environment) { $0.bridgeRefusals }
    case .config(_, form: .markdown): return printed(ConfigurationListing.markdown)
    case .config(let settings, let form):
      guard let effective = load(settings, environment) else { return 2 }
      let listing = ConfigurationListing(effective: effective)
      return printed(form == .json ? listing.json : listing.text)
    case .profiles(let settings): return showProfiles(settings, environment)
    case .status(let settings, let address, let watches):
      guard let client = client(settings, address, environment) else { return 2 }
      return await ClusterCommands(client: client, write: write, writeError: writeError).status(watches: watches)
    case .drain(let settings, let address, let worker):
      guard let client = client(settings, address, environment) else { return 2 }
      return ClusterCommands(client: client, write: write, writeError: writeError).drain(worker)
    case .healthcheck(let settings): return checkHealth(settings, environment)
    case .frames(let settings, let command): return await runKeeping(settings, command, environment)
    case .version: return printed("millrace \(ProductVersion.text)\n")
    case .help(let command): return printed(HelpText.text(for: command))
    case .usageError(let problems):
      say(problems)
      writeError("'millrace --help' explains the commands.\n")
      return 2
    }
  }

  private func run(
    _ service: @Sendable (Configuration) async -> Int32, _ settings: CommandSettings, _ environment: [String: String],
    refusals: (Configuration) -> [ConfigurationProblem]
  ) async -> Int32 {
    guard let configuration = load(settings, environment)?.configuration else { return 2 }
    let problems = refusals(configuration)
    guard problems.isEmpty else {
      say(problems.map(\.description))
      return 2
    }
    return await service(configuration)
  }

  /// Whether or not this machine's worker records.
  private func runKeeping(
    _ settings: CommandSettings, _ command: FrameCommand, _ environment: [String: String]
  ) async -> Int32 {
    guard var configuration = load(settings, environment)?.configuration else { return 2 }
    configuration.frames.isEnabled = true
    var refusals = configuration.refusals.map(\.description)
    if !configuration.redis.isEnabled { refusals.append("recordings are kept in Redis: set REDIS_URL") }
    guard refusals.isEmpty else {
      say(refusals)
      return 2
    }
    return await keep(configuration, command, write)
  }

  private func showProfiles(_ settings: CommandSettings, _ environment: [String: String]) -> Int32 {
    guard let configuration = load(settings, environment)?.configuration else { return 2 }
    do {
      return printed(ProfileTable(catalog: try Platform.catalog(configuration)).text)
    } catch {
      say(["\(error)"])
      return 2
    }
  }

  private func checkHealth(_ settings: CommandSettings, _ environment: [String: String]) -> Int32 {
    guard let server = load(settings, environment)?.configuration.server else { return 1 }
    guard server.port != 0 else {
      say(["healthcheck: with PORT=0 nobody knows the port; give it: millrace healthcheck --port=…"])
      return 1
    }
    do throws(HealthProbe.Failure) {
      try HealthProbe(host: server.host, port: server.port).check()
      return 0
    } catch {
      say([error.message])
      return 1
    }
  }

  /// Nil after it has been said what is wrong.
  private func client(
    _ settings: CommandSettings, _ address: WorkerAddress?, _ environment: [String: String]
  ) -> WorkerClient? {
    guard let configuration = load(settings, environment)?.configuration else { return nil }
    let server = configuration.server
    guard address != nil || server.port != 0 else {
      say(["with PORT=0 nobody knows the port; give it: --port=… or --url=http://host:port"])
      return nil
    }
    return WorkerClient(
      address: address ?? WorkerAddress(host: server.host, port: server.port), token: configuration.auth.apiToken)
  }

  /// Nil after all that is wrong has been said.
  private func load(_ settings: CommandSettings, _ environment: [String: String]) -> EffectiveConfiguration? {
    do throws(ConfigurationError) {
      return try ConfigurationLoader(directory: directory)
        .load(flags: settings.flags, file: settings.file, environment: environment)
    } catch {
      say(error.problems.map(\.description))
      return nil
    }
  }

  private func printed(_ text: String) -> Int32 {
    write(text)
    return 0
  }

  private func say(_ problems: [String]) {
    for problem in problems { writeError("millrace: \(problem)\n") }
  }
}

import Foundation
import Synchronization
import Testing

@testable import Worker

@Suite(.timeLimit(.minutes(1))) struct CommandRunnerTests {
  private struct Outcome {
    let status: Int32
    let output: String
    let errors: String
    let served: [Configuration]
  }

  private func run(_ arguments: [String], environment: [String: String] = [:]) async -> Outcome {
    let output = Mutex("")
    let errors = Mutex("")
    let served = Mutex<[Configuration]>([])
    let runner = CommandRunner(
      directory: "/nonexistent", write: { text in output.withLock { $0 += text } },
      writeError: { text in errors.withLock { $0 += text } },
      bridge: { configuration in
        served.withLock { $0.append(configuration) }
        return 8
      },
      serve: { configuration in
        served.withLock { $0.append(configuration) }
        return 7
      })
    let status = await runner.run(arguments: arguments, environment: environment)
    return Outcome(
      status: status, output: output.withLock { $0 }, errors: errors.withLock { $0 }, served: served.withLock { $0 })
  }

  @Test func serveRunsWithTheConfigurationAndAnswersItsStatus() async {
    let outcome = await run(["--port", "9000"], environment: ["API_TOKEN": "t"])
    #expect(outcome.status == 7)
    #expect(outcome.served.map(\.server.port) == [9000])
    #expect(outcome.served.first?.auth.apiToken == "t")
    #expect(outcome.output + outcome.errors == "")
  }

  @Test func nothingIsServedWithABadConfigurationOrOneThatThisBuildCannotDo() async {
    let bad = await run([], environment: ["PORT": "x", "LOOPS": "y"])
    #expect(bad.status == 2 && bad.served.isEmpty)
    #expect(bad.errors.split(separator: "\n").count == 2)
    #expect(bad.errors.hasPrefix("millrace: PORT: 'x' (environment) must be"))
    let slots = ["REDIS_URL": "redis://h", "REDIS_CLUSTER": "true"]
    let redis = await run([], environment: slots)
    #expect(redis.status == 2 && redis.served.isEmpty)
    #expect(redis.errors.contains("does not speak to a Redis Cluster yet"))
    #expect(await run(["config"], environment: slots).status == 0)
  }

  @Test func theBridgeNeedsRedisAndNoStorage() async {
    let environment = ["FRAMES_ENABLED": "true", "STORAGE_BASE_PATH": "/nowhere", "REDIS_URL": "redis://h"]
    let outcome = await run(["pulsar-bridge"], environment: environment)
    #expect(outcome.status == 8 && outcome.errors == "")
    #expect(outcome.served.map(\.frames.pulsar.subscription) == ["stream-processor"])
    let alone = await run(["pulsar-bridge"])
    #expect(alone.status == 2 && alone.served.isEmpty)
    #expect(alone.errors.hasPrefix("millrace: REDIS_ENABLED: the bridge brings frames to Redis"))
  }

  @Test func usageErrorsEndWithStatus2AndTheWayOut() async {
    let outcome = await run(["--prot", "1"])
    #expect(outcome.status == 2)
    #expect(outcome.errors.hasSuffix("'millrace --help' explains the commands.\n"))
    #expect(outcome.output == "")
  }

  @Test func helpListsAllCommandsAndAllSettings() async {
    let overview = await run(["--help"])
    #expect(overview.status == 0)
    for command in Command.allCases {
      #expect(overview.output.contains("  \(command.rawValue) "))
      let help = await run(["help", command.rawValue])
      #expect(help.output.contains("Usage: millrace \(command.rawValue)"))
    }
    let serve = await run(["help", "serve"]).output
    for name in SettingTable.byName.keys { #expect(serve.contains(Setting.flag(of: name)), "\(name)") }
    #expect(await run(["--version"]).output == "millrace \(ProductVersion.text)\n")
  }

  @Test func configShowsEachSettingItsValueAndItsOrigin() async throws {
    let environment = ["API_TOKEN": "hunter2", "RELOAD": "1", "APP_DEBUG": "1"]
    let text = await run(["config", "--port=9000"], environment: environment).output
    let rows = text.split(separator: "\n").filter { $0.first?.isUppercase == true }.map {
      $0.split(separator: " ", maxSplits: 1).map { $0.trimmed }
    }
    for setting in SettingTable.all { #expect(rows.count { $0[0] == setting.name } == 1, "\(setting.name)") }
    func rest(_ name: String) -> [Substring]? { rows.first { $0[0] == name }?[1].split(separator: " ") }
    #expect(rest("PORT") == ["9000", "flag"])
    #expect(rest("API_TOKEN") == ["***", "environment"])
    #expect(rest("LOG_LEVEL") == ["debug", "follows", "APP_DEBUG"])
    #expect(rest("SOURCE_ALLOW") == ["(none)", "default"])
    #expect(text.hasSuffix("# Given, known and without effect\nRELOAD\n"))
  }

  @Test func configAsJSONHasTheSame() async throws {
    struct Document: Decodable {
      struct Entry: Decodable {
        let name: String
        let value: String?
        let origin: String
      }
      let settings: [Entry]
    }
    let json = await run(["config", "--json", "--port=9000"]).output
    let settings = try JSONDecoder().decode(Document.self, from: Data(json.utf8)).settings
    #expect(Set(settings.map(\.name)) == Set(SettingTable.all.map(\.name)))
    #expect(settings.first { $0.name == "PORT" }?.value == "9000")
    #expect(settings.first { $0.name == "PORT" }?.origin == "flag")
    #expect(settings.first { $0.name == "API_TOKEN" }?.value == nil)
  }

  @Test func markdownHasARowForEachSettingWhateverIsSet() async {
    let markdown = await run(["config", "--markdown"], environment: ["PORT": "nonsense"])
    #expect(markdown.status == 0)
    let rows = markdown.output.split(separator: "\n").filter { $0.hasPrefix("| `") }
    #expect(rows.count == SettingTable.all.count)
    for row in rows { #expect(row.replacing("\\|", with: "").count { $0 == "|" } == 5, "\(row)") }
    #expect(markdown.output.contains("| `REDIS_SERVER_PORT` (or `REDIS_PORT`) | `6379` |"))
  }
}

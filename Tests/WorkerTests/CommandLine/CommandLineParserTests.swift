import Testing

@testable import Worker

@Suite struct CommandLineParserTests {
  private func settings(_ flags: [(String, String)] = [], file: String? = nil) -> CommandSettings {
    CommandSettings(flags: flags.map { GivenSetting(name: $0.0, value: $0.1, origin: .flag) }, file: file)
  }

  private func parse(_ line: String) -> CommandAction {
    CommandLineParser.parse(line.split(separator: " ").map(String.init))
  }

  @Test func serveIsWhatHappensWithoutACommand() {
    #expect(parse("") == .serve(settings()))
    #expect(parse("serve") == .serve(settings()))
    #expect(parse("--port 9000") == .serve(settings([("PORT", "9000")])))
    #expect(parse("serve --port=9000 --config m.yaml") == .serve(settings([("PORT", "9000")], file: "m.yaml")))
    #expect(parse("--config=m.yaml") == .serve(settings(file: "m.yaml")))
    #expect(parse("--port 1 --port 2") == .serve(settings([("PORT", "1"), ("PORT", "2")])))
    #expect(parse("--redis-port 7") == .serve(settings([("REDIS_PORT", "7")])))
    #expect(parse("--silence-threshold-db -40") == .serve(settings([("SILENCE_THRESHOLD_DB", "-40")])))
    #expect(parse("--api-token=a=b") == .serve(settings([("API_TOKEN", "a=b")])))
    #expect(parse("--root-path=") == .serve(settings([("ROOT_PATH", "")])))
  }

  @Test func aBooleanFlagAloneIsTrue() {
    #expect(parse("--strict-live-ts") == .serve(settings([("STRICT_LIVE_TS", "true")])))
    #expect(parse("--strict-live-ts off") == .serve(settings([("STRICT_LIVE_TS", "off")])))
    #expect(
      parse("--redis-enabled --port 1") == .serve(settings([("REDIS_ENABLED", "true"), ("PORT", "1")])))
    #expect(parse("--strict-live-ts=perhaps") == .serve(settings([("STRICT_LIVE_TS", "perhaps")])))
  }

  @Test func theOtherCommands() {
    #expect(parse("config") == .config(settings(), form: .text))
    #expect(parse("config --json --port 1") == .config(settings([("PORT", "1")]), form: .json))
    #expect(parse("config --markdown") == .config(settings(), form: .markdown))
    #expect(
      parse("pulsar-bridge --pulsar-topic t") == .pulsarBridge(settings([("PULSAR_TOPIC", "t")])))
    #expect(parse("healthcheck --port 1") == .healthcheck(settings([("PORT", "1")])))
    #expect(parse("version") == .version)
    #expect(parse("--version") == .version)
    #expect(parse("help") == .help(nil))
    #expect(parse("--help") == .help(nil))
    #expect(parse("-h") == .help(nil))
    #expect(parse("help config") == .help(.config))
    for command in Command.allCases where command != .help {
      #expect(parse("\(command.rawValue) --help") == .help(command))
    }
  }

  @Test func statusAndDrainAskTheWorkerOfThisMachineOrAnother() {
    let other = WorkerAddress(host: "tv", port: 9000)
    #expect(parse("status") == .status(settings(), at: nil, watches: false))
    #expect(parse("status --watch --url http://tv:9000") == .status(settings(), at: other, watches: true))
    #expect(
      parse("status --url=http://tv:9000/ --port 1") == .status(settings([("PORT", "1")]), at: other, watches: false))
    #expect(parse("drain w1") == .drain(settings(), at: nil, worker: "w1"))
    #expect(parse("drain --url http://tv:9000 w1") == .drain(settings(), at: other, worker: "w1"))
  }

  @Test func addressesOfWorkers() {
    #expect(WorkerAddress("http://tv") == WorkerAddress(host: "tv", port: 80))
    #expect(WorkerAddress("HTTP://127.0.0.1:1/a/b/") == WorkerAddress(host: "127.0.0.1", port: 1, prefix: "/a/b"))
    #expect(WorkerAddress("http://[::1]:8085") == WorkerAddress(host: "::1", port: 8085))
    #expect(WorkerAddress("http://[::1]:8085")?.authority == "[::1]:8085")
    for text in [
      "", "tv:9000", "https://tv", "http://", "http://tv:0", "http://tv:99999", "http://u:p@tv", "http://tv?x",
    ] {
      #expect(WorkerAddress(text) == nil, "\(text)")
    }
  }

  @Test(arguments: [
    ("status w1", ["w1: no argument is expected here; options begin with --"]),
    ("status --url", ["--url: a value is missing: --url=VALUE"]),
    ("status --url tv", ["--url: it must be http://host:port, of a worker or of the balancer"]),
    ("drain", ["drain: name one worker: millrace drain WORKER; 'millrace status' shows their names"]),
    ("drain a b", ["drain: name one worker: millrace drain WORKER; 'millrace status' shows their names"]),
    ("drain a --watch", ["--watch: no such option of 'drain'; 'millrace help drain' lists all"]),
    ("serve --url http://tv", ["--url: no such option of 'serve'; 'millrace help serve' lists all"]),
  ]) func statusAndDrainSayWhatIsWrong(line: String, problems: [String]) {
    #expect(parse(line) == .usageError(problems))
  }

  @Test(arguments: [
    (
      "sevre",
      [
        "sevre: no such command; did you mean serve? the commands are serve, config, profiles, status, drain, healthcheck, offline-checker, cleanup, archive-cleanup, reset-device, archive-repair, pulsar-bridge, version, help"
      ]
    ),
    (
      "help me",
      ["me: no such command; the commands are serve, config, profiles, status, drain, healthcheck, offline-checker, cleanup, archive-cleanup, reset-device, archive-repair, pulsar-bridge, version, help"]
    ),
    ("help config serve", ["help explains one command at a time"]),
    ("--prot 3", ["--prot: no such option of 'serve'; did you mean --port? 'millrace help serve' lists all"]),
    ("--zzzzzz", ["--zzzzzz: no such option of 'serve'; 'millrace help serve' lists all"]),
    ("serve --json", ["--json: no such option of 'serve'; 'millrace help serve' lists all"]),
    ("version --port 1", ["--port: no such option of 'version'; 'millrace help version' lists all"]),
    ("config --jsno", ["--jsno: no such option of 'config'; did you mean --json? 'millrace help config' lists all"]),
    ("--port", ["--port: a value is missing: --port=VALUE"]),
    ("--port --host x", ["--port: a value is missing: --port=VALUE"]),
    ("--config", ["--config: a value is missing: --config=VALUE"]),
    ("serve now", ["now: no argument is expected here; options begin with --"]),
    (
      "-p 3 --prot=3",
      [
        "-p: no such option of 'serve'; 'millrace help serve' lists all",
        "--prot: no such option of 'serve'; did you mean --port? 'millrace help serve' lists all",
      ]
    ),
  ]) func whatIsWrongIsSaidWithTheWayOut(line: String, problems: [String]) {
    #expect(parse(line) == .usageError(problems))
  }

  @Test func aMessageDoesNotRepeatAnUnknownOptionsValue() {
    #expect("\(parse("--api-tokn=hunter2"))".contains("hunter2") == false)
    #expect("\(parse("--api-tokn hunter2"))".contains("hunter2") == false)
  }
}

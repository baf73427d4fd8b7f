import FrameRecorder
import Testing

@testable import Worker

@Suite struct FrameCommandLineTests {
  private func parse(_ line: String) -> CommandAction {
    CommandLineParser.parse(line.split(separator: " ").map(String.init))
  }

  private func command(_ line: String) -> FrameCommand? {
    guard case .frames(_, let command) = parse(line) else { return nil }
    return command
  }

  @Test func theyAreTold() throws {
    #expect(command("offline-checker")?.work == .checkOffline(once: false))
    #expect(command("offline-checker --continuous")?.work == .checkOffline(once: false))
    #expect(command("offline-checker --once")?.work == .checkOffline(once: true))
    #expect(command("cleanup --metrics-file /m")?.metricsFile == "/m")
    #expect(command("archive-cleanup")?.work == .cleanArchives)
    let device = try #require(DevicePair("c_1:d"))
    #expect(command("reset-device -c c:1 -d d")?.work == .reset(device, .init()))
    #expect(
      command("reset-device --client-id=c:1 --device-id=d --dry-run --skip-redis --skip-storage")?.work
        == .reset(device, .init(isDry: true, skipsRedis: true, skipsStorage: true)))
    #expect(command("archive-repair")?.work == .repairArchives(.init()))
    let id = "01234567-89ab-4def-8123-456789abcdef"
    #expect(
      command("archive-repair --session \(id) --device c_1/d --limit 5 --remux")?.work
        == .repairArchives(.init(session: SessionID(id), device: device, limit: 5, remuxes: true)))
  }

  @Test func anIntervalIsASetting() {
    guard case .frames(let settings, _) = parse("offline-checker --interval 3 --storage-base-path /s") else {
      Issue.record("no command")
      return
    }
    #expect(settings.flags.map(\.name) == ["FRAMES_CHECK_INTERVAL_SECONDS", "STORAGE_BASE_PATH"])
    #expect(settings.flags.map(\.value) == ["3", "/s"])
  }

  @Test func worker() { #expect(parse("worker --port 1") == parse("serve --port 1")) }

  @Test(arguments: [
    ("offline-checker --continuous --once", "--continuous and --once: one of them at a time"),
    ("offline-checker --interval", "--interval: a value is missing: --interval VALUE"),
    ("offline-checker --once=true", "--once: it takes no value"),
    ("reset-device -c c", "reset-device: name the device: millrace reset-device -c CLIENT -d DEVICE"),
    ("archive-repair --session X", "--session: it must be a UUID in lower case"),
    ("archive-repair --device c", "--device: it must be CLIENT/DEVICE"),
    ("archive-repair --limit 0", "--limit: it must be 1 to 1000000"),
    ("cleanup --dry-run", "--dry-run: no such option of 'cleanup'; 'millrace help cleanup' lists all"),
    ("cleanup now", "now: no argument is expected here; options begin with --"),
    ("reset-device -x 1", "-x: no such option of 'reset-device'; 'millrace help reset-device' lists all"),
  ]) func whatIsWrongIsSaid(line: String, problem: String) {
    #expect(parse(line) == .usageError([problem]))
  }

  @Test func helpNamesEveryOption() {
    for command in Command.allCases {
      for option in FrameOption.of(command) { #expect(HelpText.text(for: command).contains(option.rawValue)) }
    }
  }
}

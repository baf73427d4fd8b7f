import Foundation
import Synchronization
import Testing

@testable import TestKit
@testable import Worker

/// The README's tables and the program say the same.
@Suite(.timeLimit(.minutes(1))) struct ReadmeTableTests {
  private let readme: Readme

  init() throws { readme = try Readme() }

  @Test func configurationIsWhatTheProgramPrints() throws {
    let shown = try #require(readme.text(between: "<!-- configuration -->", and: "<!-- /configuration -->"))
    let isSame =
      shown.trimmingCharacters(in: .newlines) == ConfigurationListing.markdown.trimmingCharacters(in: .newlines)
    #expect(isSame, "README.md and `millrace config --markdown` differ")
  }

  @Test func settingsNamedAnywhereExist() {
    let prose = readme.text.matches(of: /`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=[^`]*)?`/).map { String($0.1) }
    #expect(prose.count > 50)
    for name in Set(prose) { #expect(SettingTable.byName[name] != nil, "\(name)") }
  }

  @Test(arguments: [false, true]) func metricsAreThoseOfARealScrape(recordsFrames: Bool) async throws {
    try await withFixture { fixture in
      let worker = try await worker(fixture, recordsFrames: recordsFrames)
      let scrape = try await worker.get("/metrics").text
      let real = scrape.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.map { $0.split(separator: " ") }
      let headings = recordsFrames ? ["### Metrics", "### Metrics of the recorder"] : ["### Metrics"]
      let names = headings.flatMap { readme.firstColumn(below: $0) }.filter {
        $0.hasPrefix("millrace_") || $0.hasPrefix("stream_processor_")
      }
      #expect(names.count == Set(names).count)
      #expect(Set(names) == Set(real.map { String($0[2]) }))
      for line in real {
        let row = readme.lines.first { $0.hasPrefix("| `\(line[2])`") }
        #expect(row?.contains("| \(line[3]) ") == true, "\(line[2]) is a \(line[3])")
      }
    }
  }

  private func worker(_ fixture: Fixture, recordsFrames: Bool) async throws -> WorkerProcess {
    let redis = try await fixture.redisServer()
    return try await fixture.worker([
      "REDIS_URL": "redis://127.0.0.1:\(redis.port)", "WORKER_ID": "w1", "FRAMES_ENABLED": "\(recordsFrames)",
      "STORAGE_BASE_PATH": try fixture.temporaryFolder("storage").path,
    ])
  }

  @Test func routesExist() async throws {
    try await withFixture { fixture in
      let worker = try await worker(fixture, recordsFrames: true)
      let rows = readme.lines.filter { $0.firstMatch(of: /^\| (GET|POST|DELETE) \//) != nil }
      #expect(rows.count > 8)
      for row in rows {
        let cell = row.dropFirst().prefix { $0 != "|" }
        let words = cell.split { " ,".contains($0) }.map(String.init)
        for path in words.dropFirst() {
          let target = path.replacing("{id}", with: String(repeating: "0", count: 32)).replacing("{cid}", with: "c")
          let answer = try await worker.get(target, headers: [:])
          #expect(answer.text.contains("\"code\":\"not-found\"") == false, "\(path)")
        }
      }
    }
  }

  @Test func sourceFoldersAreAllNamed() throws {
    let named = Set(readme.firstColumn(below: "## Source layout"))
    for name in named { #expect(isFolder("Sources/" + name), "Sources/\(name)") }
    for folder in try FileManager.default.contentsOfDirectory(atPath: Readme.folder + "/Sources") {
      #expect(named.contains { $0 == folder || $0.hasPrefix(folder + "/") }, "\(folder)")
    }
  }

  @Test func scriptsThatAreNamedExist() {
    let names = Set(readme.text.matches(of: /(?:scripts|\.ci)\/[a-z-]+/).map { String($0.0) })
    #expect(names.count > 5)
    for name in names { #expect(FileManager.default.fileExists(atPath: Readme.folder + "/" + name), "\(name)") }
  }

  @Test func commandsAreThoseOfTheProgram() {
    let named = readme.firstColumn(below: "## Try it").filter { $0.hasPrefix("millrace ") }
      .map { String($0.split(separator: " ")[1]) }
    #expect(Set(named) == Set(Command.allCases.map(\.rawValue)))
  }

  @Test func benchmarksAreThoseOfTheProgram() async throws {
    let written = Mutex<[UInt8]>([])
    let folder = URL(fileURLWithPath: WorkerProcess.builtBinary).deletingLastPathComponent().path
    let process = try await SpawnedProcess.start(folder + "/Bench", [], environment: FFmpegTool.cleanEnvironment()) {
      _, bytes in written.withLock { $0 += bytes }
    }
    #expect(try await process.exit(within: .seconds(20)) == .code(0))
    let help = written.withLock { String(decoding: $0, as: UTF8.self) }
    let known = help.split(separator: "\n").filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }
      .map { String($0.dropFirst(2).prefix { $0 != " " }) }
    let named = readme.firstColumn(below: "## Development").filter { !$0.contains("/") }
    #expect(Set(named) == Set(known))
  }

  @Test func tablesLineUp() {
    let configuration = readme.text(between: "<!-- configuration -->", and: "<!-- /configuration -->") ?? ""
    let generated = Set(configuration.split(separator: "\n").map(String.init))
    var columns: [Int]?
    for (number, line) in readme.lines.enumerated() {
      guard line.hasPrefix("|"), !generated.contains(line) else {
        columns = nil
        continue
      }
      let here = line.enumerated().filter { $0.element == "|" }.map(\.offset)
      #expect(columns == nil || columns == here, "README:\(number + 1)")
      columns = here
    }
  }

  private func isFolder(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: Readme.folder + "/" + path, isDirectory: &isDirectory)
      && isDirectory.boolValue
  }
}

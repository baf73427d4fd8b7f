import Synchronization
import TestKit
import Testing

@testable import Worker

@Suite(.timeLimit(.minutes(1))) struct ProfilesCommandTests {
  private func run(_ arguments: [String]) async -> (status: Int32, output: String, errors: String) {
    let written = Mutex((output: "", errors: ""))
    let runner = CommandRunner(
      directory: "/nonexistent", write: { text in written.withLock { $0.output += text } },
      writeError: { text in written.withLock { $0.errors += text } }, serve: { _ in 7 })
    let status = await runner.run(arguments: arguments, environment: [:])
    return written.withLock { (status, $0.output, $0.errors) }
  }

  @Test func showsBuiltInAndOwnProfilesInColumns() async throws {
    try await withFixture { fixture in
      let file = try fixture.temporaryFolder().write(
        Array(
          "profiles: {mine: {description: My own, template: '-i {input_url} -c copy -f mpegts {output_args}'}}".utf8),
        to: "profiles.yaml")
      let outcome = await run(["profiles", "--profiles-file", file])
      #expect(outcome.status == 0 && outcome.errors == "")
      let lines = outcome.output.split(separator: "\n")
      #expect(lines.map { $0.prefix { $0 != " " } }.contains("720p"))
      #expect(lines.last?.hasPrefix("mine ") == true && lines.last?.contains("  file  ") == true)
      #expect(lines.last?.hasSuffix("-i {input_url} -c copy -f mpegts {output_args}") == true)
      let head = try #require(lines.first)
      let width = head.distance(from: head.startIndex, to: try #require(head.firstRange(of: "arguments")).lowerBound)
      for line in lines.dropFirst() { #expect(line.dropFirst(width).hasPrefix("-i {input_url}"), "\(line)") }
    }
  }

  @Test(
    arguments: [
      ("profiles: {mine: {template: '-c copy {output_args}'}}", "profile 'mine'"),
      ("profile: {}", "unknown key 'profile'"),
      ("profiles: [", "line"),
    ])
  func aFileThatAWorkerWouldNotStartWithIsStatus2(text: String, reason: String) async throws {
    try await withFixture { fixture in
      let file = try fixture.temporaryFolder().write(Array(text.utf8), to: "profiles.yaml")
      let outcome = await run(["profiles", "--profiles-file=\(file)"])
      #expect(outcome.status == 2 && outcome.output == "")
      #expect(outcome.errors.hasPrefix("millrace: \(file): ") && outcome.errors.contains(reason), "\(outcome.errors)")
    }
  }

  @Test func aFileThatIsNotThereIsStatus2() async {
    let outcome = await run(["profiles", "--profiles-file", "/nonexistent/profiles.yaml"])
    #expect(outcome.status == 2 && outcome.errors.contains("cannot be read"))
  }
}

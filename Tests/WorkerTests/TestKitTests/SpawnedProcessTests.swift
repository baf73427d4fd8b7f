import Foundation
import Synchronization
import TestKit
import Testing

@Suite struct SpawnedProcessTests {
  private static let environment = ["PATH": "/usr/bin:/bin"]

  private func collect(
    _ script: String, environment: [String: String] = environment
  ) async throws -> (SpawnedExit?, String) {
    let text = Mutex("")
    let process = try await SpawnedProcess.start("sh", ["-c", script], environment: environment) { _, bytes in
      text.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
    }
    let status = try await process.exit(within: .seconds(10))
    if status == nil { try await process.stop() }
    return (status, text.withLock { $0 })
  }

  @Test func givesOutputAndExitStatus() async throws {
    let (status, text) = try await collect("echo out; echo error >&2; exit 3")
    #expect(status == .code(3))
    #expect(text.contains("out\n") && text.contains("error\n"))
  }

  @Test func theEnvironmentIsExactlyTheGivenOneAndNoDescriptorIsInherited() async throws {
    let (_, names) = try await collect(
      "env | cut -d= -f1 | grep -v -e PWD -e SHLVL -e _", environment: Self.environment)
    #expect(names == "PATH\n")
    let (_, descriptors) = try await collect("exec ls /proc/self/fd")
    #expect(descriptors == "0\n1\n2\n3\n")  // 3 is the folder that ls reads.
  }

  @Test func aChildThatLeavesItsPipeToAnotherStillEnds() async throws {
    let (status, text) = try await collect("sleep 60 & echo $!; exit 0")
    #expect(status == .code(0))
    let orphan = try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    kill(orphan, SIGKILL)
  }

  @Test func stopKillsAndReaps() async throws {
    let process = try await SpawnedProcess.start("sleep", ["60"], environment: Self.environment) { _, _ in }
    #expect(ProcessTable.isAlive(process.pid))
    #expect(try await process.exit(within: .milliseconds(20)) == nil)
    try await process.stop()
    #expect(process.exitStatus == .signal(SIGKILL))
    #expect(!ProcessTable.isAlive(process.pid))
    #expect(!FileManager.default.fileExists(atPath: "/proc/\(process.pid)"))
  }

  @Test func theProcessTableSeesChildrenMemoryAndDescriptors() async throws {
    let process = try await SpawnedProcess.start(
      "sh", ["-c", "sleep 60 & sleep 61 & exec 5</dev/null; wait"], environment: Self.environment
    ) { _, _ in }
    try await eventually("two sleeps") { ProcessTable.children(of: process.pid, named: "sleep").count == 2 }
    #expect(ProcessTable.children(of: process.pid, named: "ffmpeg").isEmpty)
    #expect(ProcessTable.residentBytes(process.pid) > 100_000)
    try await eventually("the fourth descriptor") { ProcessTable.descriptorCount(process.pid) == 4 }
    let sleeps = ProcessTable.children(of: process.pid)
    for sleep in sleeps { kill(sleep, SIGKILL) }
    #expect(try await process.exit(within: .seconds(5)) != nil)
    #expect(ProcessTable.residentBytes(process.pid) == 0)
  }

  @Test func aToolThatHangsIsKilledAndReported() async throws {
    await #expect(throws: FFmpegTool.ToolFailed.self) {
      try await FFmpegTool.run("sleep", ["60"], within: .milliseconds(50))
    }
  }
}

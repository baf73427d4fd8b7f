import FrameEncoding
import TestKit
import Testing

/// What is linked to what.
@Suite(.timeLimit(.minutes(1))) struct ProgramTests {
  @Test func onlyTheEncoderLoadsLibav() async throws {
    #expect(try await Self.libraries(of: EncoderProgram.path).contains { $0.hasPrefix("libavcodec.so") })
    #expect(try await Self.libraries(of: WorkerProcess.builtBinary).allSatisfy { !$0.hasPrefix("libav") })
  }

  private static func libraries(of program: String) async throws -> [Substring] {
    let lines = String(decoding: try await FFmpegTool.succeed("ldd", [program]).output, as: UTF8.self).split(
      separator: "\n")
    try #require(lines.count > 5)
    return lines.compactMap { $0.split(whereSeparator: \.isWhitespace).first }
  }
}

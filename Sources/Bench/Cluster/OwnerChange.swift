import Foundation
import TestKit

/// What a viewer's capture shows of a change of the stream's owner.
struct OwnerChange {
  /// From the change to the first byte behind the splice, in ms.
  let media: Double
  /// The longest time from one picture's arrival to the next, from a second before the change on, in ms.
  let longestGap: Double
  /// From the last decode time before to the first one after, in ms.
  let clockStep: Double
  let splices: Int
  let problems: [String]

  /// Of a viewer that has stopped; throws if its capture has no splice.
  init(_ viewer: LiveCapture, changed: ContinuousClock.Instant, isDecoded: Bool = true) async throws {
    let bytes = TSCapture.withoutTornEnd(viewer.bytes)
    let report = TSCaptureChecker.check(bytes)
    let joints = report.joints.filter { report.videoPIDs.contains($0.pid) }
    guard let joint = joints.first, let at = viewer.arrival(ofByte: joint.packet * 188) else {
      throw BenchError("a viewer without a splice: \(bytes.count) bytes, \(report.problems)")
    }
    media = changed.duration(to: at) / .milliseconds(1)
    clockStep = Double(joint.step) / 90
    splices = joints.count
    longestGap = viewer.longestPictureGap(after: changed - .seconds(1)) / .milliseconds(1)
    var problems = report.problems.map { "\($0)" }
    if let end = viewer.end, end != .stopped { problems.append("the connection ended: \(end)") }
    let errors = isDecoded ? try await FFmpegTool.decodeErrors(ofCapture: bytes) : ""
    if !errors.isEmpty { problems.append("decoder: \(errors.prefix(300))") }
    self.problems = problems
  }
}

extension WorkerProcess {
  /// When the log first said something after a moment; nil: it has not.
  func logTime(of message: String, after date: Date) -> Date? {
    let formatter = ISO8601DateFormatter()
    formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
    return logLines(containing: message).lazy.compactMap { line in
      line.split(separator: " ").first.flatMap { formatter.date(from: String($0)) }
    }.first { $0 > date }
  }
}

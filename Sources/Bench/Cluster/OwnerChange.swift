import Foundation
import TestKit

/// What a viewer's capture shows of a change of the stream's owner.
struct OwnerChange {
  /// From the change to the first byte behind the splice, in ms; nil where there is none.
  let media: Double?
  /// The longest time from one picture's arrival to the next, from a second before the change on, in ms.
  let longestGap: Double
  /// From the last decode time before to the first one after, in ms; where there is no splice, the longest of all.
  let clockStep: Double
  let splices: Int
  let problems: [String]

  /// Of a viewer that has stopped; throws if its capture has no splice, but it `mayBeExact`.
  init(
    _ viewer: LiveCapture, changed: ContinuousClock.Instant, mayBeExact: Bool = false, isDecoded: Bool = true
  ) async throws {
    let bytes = TSCapture.withoutTornEnd(viewer.bytes)
    let report = TSCaptureChecker.check(bytes)
    let joints = report.joints.filter { report.videoPIDs.contains($0.pid) }
    let longestStep = report.videoPIDs.first.flatMap { report.longestStep[$0] }
    let exactStep = mayBeExact && joints.isEmpty ? longestStep.map { Int64($0) } : nil
    guard let step = joints.first?.step ?? exactStep else {
      throw BenchError("a viewer without a splice: \(bytes.count) bytes, \(report.problems)")
    }
    let arrival = joints.first.flatMap { viewer.arrival(ofByte: $0.packet * 188) }
    media = arrival.map { changed.duration(to: $0) / .milliseconds(1) }
    clockStep = Double(step) / 90
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

import TestKit

/// A viewer of one long body behind the balancer, who connects again when the connection is lost.
actor BalancedViewer {
  nonisolated let name: String
  private let port: Int
  private let target: String
  private let keepsBytes: Bool
  /// Connections that ended under the viewer.
  private(set) var losses = 0
  /// Attempts that were not answered with media.
  private(set) var refusals = 0
  private(set) var longestGap = Duration.zero
  private(set) var problems: [String] = []

  /// `keepsBytes`: what it got is checked.
  init(port: Int, stream: String, name: String, keepsBytes: Bool) {
    (self.port, self.name, self.keepsBytes) = (port, name, keepsBytes)
    target = "/stream/\(stream)?client_id=\(name)"
  }

  /// Until the task is cancelled.
  func watch() async {
    while !Task.isCancelled {
      do {
        let capture = try await RawHTTPClient.capture(port: port, target, keepsBytes: keepsBytes)
        if capture.head.status == 200 {
          try await follow(capture)
        } else {
          refused("\(capture.head.startLine)")
          try await capture.stop()
        }
      } catch {
        refused("\(error)")
      }
      if !Task.isCancelled { try? await Task.sleep(for: .milliseconds(200)) }
    }
  }

  private func refused(_ why: String) {
    guard !Task.isCancelled else { return }
    refusals += 1
    problems.append("\(name) was not let in: \(why)")
  }

  private func follow(_ capture: LiveCapture) async throws {
    try await capture.waitFor(bytes: 1, within: .seconds(20))
    capture.forgetGaps()
    while !Task.isCancelled, capture.end == nil { try await capture.read(for: .milliseconds(200)) }
    if capture.end != nil { losses += 1 } else { longestGap = max(longestGap, capture.longestGap) }
    try await capture.stop()
    guard keepsBytes else { return }
    let report = TSCaptureChecker.check(TSCapture.withoutTornEnd(capture.bytes))
    problems += report.problems.map { "\(name): \($0)" }
  }
}

internal import TransportStream

/// The last continuity counter of each PID of a session's media (ISO/IEC 13818-1, 2.4.3.3) as the device's record has them:
/// `0:3 256:15`.
enum ContinuityText {
  /// What is no such pair is left out.
  static func parse(_ text: String) -> [PIDContinuity] {
    text.split(separator: " ").compactMap { pair in
      let parts = pair.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2, let pid = UInt16(parts[0]), pid <= 0x1FFF, let counter = UInt8(parts[1]), counter < 16
      else { return nil }
      return PIDContinuity(pid: pid, counter: counter)
    }
  }

  static func render(_ counters: [PIDContinuity]) -> String {
    counters.map { "\($0.pid):\($0.counter)" }.joined(separator: " ")
  }
}

internal import FrameRecorder
internal import Glibc

/// Retention and grace in seconds, so that tests see recordings leave: `MILLRACE_RETENTION_SECONDS=60` or `60,5`. Nothing
/// sets it but tests.
enum ShortRetention {
  private static let variable = "MILLRACE_RETENTION_SECONDS"

  /// Nil without the variable.
  static var rule: RetentionRule? {
    guard let text = getenv(variable).map({ String(cString: $0) }) else { return nil }
    let numbers = text.split(separator: ",").compactMap { Int($0) }
    guard let seconds = numbers.first, numbers.allSatisfy({ $0 > 0 }) else { return nil }
    return RetentionRule(retentionSeconds: seconds, graceSeconds: numbers.count > 1 ? numbers[1] : 300)
  }
}

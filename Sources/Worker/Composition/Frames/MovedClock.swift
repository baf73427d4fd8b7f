internal import FrameRecorder
internal import Glibc

/// A steady clock that is ahead by the seconds that a file holds, so that tests need not wait for what takes minutes:
/// `MILLRACE_RECORDER_CLOCK=/path`. Nothing sets it but tests and benchmarks.
struct MovedClock: Sendable {
  private static let variable = "MILLRACE_RECORDER_CLOCK"

  private let path: String

  /// Nil without the variable.
  init?() {
    guard let text = getenv(Self.variable) else { return nil }
    path = String(cString: text)
  }

  var clock: RecorderClock {
    RecorderClock(now: { .now + .seconds(ahead) }, sleep: { try await Task.sleep(for: $0) })
  }

  private var ahead: Int {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return 0 }
    defer { close(descriptor) }
    var digits = [UInt8](repeating: 0, count: 16)
    let count = read(descriptor, &digits, digits.count)
    return Int(String(decoding: digits.prefix(max(0, count)), as: UTF8.self)) ?? 0
  }
}

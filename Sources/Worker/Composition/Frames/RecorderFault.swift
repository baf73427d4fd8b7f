internal import FrameRecorder
internal import Glibc
internal import Synchronization

/// Stops this process by SIGSTOP when it has done a step of recording for the first time, so that tests can kill or continue
/// it there: `MILLRACE_RECORDER_STOP_AFTER=published`. Nothing sets it but tests.
final class RecorderFault: Sendable {
  private static let variable = "MILLRACE_RECORDER_STOP_AFTER"

  private let step: RecordingStep
  private let hasStruck = Atomic<Bool>(false)

  /// Nil without the variable.
  init?() {
    guard let text = getenv(Self.variable), let step = RecordingStep(rawValue: String(cString: text)) else {
      return nil
    }
    self.step = step
  }

  func passed(_ step: RecordingStep) {
    guard step == self.step, !hasStruck.exchange(true, ordering: .relaxed) else { return }
    kill(getpid(), SIGSTOP)
  }
}

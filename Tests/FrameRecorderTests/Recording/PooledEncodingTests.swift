import FrameEncoding
import Testing

@testable import FrameRecorder

@Suite("The pool's encoders") struct PooledEncodingTests {
  private static let report = EncodeReport(frames: [], segment: nil, processorMicroseconds: 1)
  private static let cases: [(EncoderOutcome, EncodeOutcome, ProbeOutcome)] = [
    (.finished(report), .done(report), .survived),
    (.crashed(detail: "signal 11"), .failed("signal 11"), .killed("signal 11")),
    (.timedOut, .failed("it took too long and was killed"), .killed("it took too long and was killed")),
    (.failed(EncodeFailure(.codec, "x264")), .failed("x264"), .survived),
    (.failed(EncodeFailure(.request, "too long")), .failed("too long"), .survived),
    (.failed(EncodeFailure(.storage, systemError: 28, "no space")), .prevented("no space"), .prevented("no space")),
    (.notStarted(detail: "no memory"), .prevented("no memory"), .prevented("no memory")),
    (.stopped, .prevented("the encoders have been stopped"), .prevented("the encoders have been stopped")),
  ]

  @Test("A death is a try of the batch; what is nobody's fault is none", arguments: cases)
  func outcomes(pool: EncoderOutcome, encode: EncodeOutcome, probe: ProbeOutcome) {
    #expect(EncodeOutcome(pool) == encode && ProbeOutcome(pool) == probe)
  }

  @Test("The encoder's reasons are those of the dead letters", arguments: FrameFault.allCases)
  func reasons(fault: FrameFault) {
    #expect(DeadLetterReason(fault).rawValue == fault.rawValue)
  }
}

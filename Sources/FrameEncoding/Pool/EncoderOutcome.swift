/// How a request to the pool ended.
package enum EncoderOutcome: Equatable, Sendable {
  case finished(EncodeReport)
  /// The encoder lives; nothing is left of the output.
  case failed(EncodeFailure)
  /// The encoder ended in the middle of it. The output may be there, of any length. `detail`: how, and its last words.
  case crashed(detail: String)
  /// It was killed for taking too long. The output may be there, of any length.
  case timedOut
  /// It was not begun: no process could be started, or the queue is full.
  case notStarted(detail: String)
  /// The pool has been stopped: it was not begun, or killed in the middle. The output may be there, of any length.
  case stopped
}

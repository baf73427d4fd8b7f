internal import Cluster

/// Where a stream's bytes come from: an upstream connection or an FFmpeg. Confined to the stream's home loop.
///
/// ```
///   open ──▶ bytes … bytes ──▶ failed | ended        close() at any time: no event comes after it
/// ```
protocol MediaSource: AnyObject {
  /// Begins. Events come on the home loop, never from within this call.
  func open(_ handler: @escaping (MediaSourceEvent) -> Void)

  /// Reads no more until `resume`: back-pressure reaches the source through its socket or pipe.
  func hold()
  func resume()

  /// Ends it. `closed` runs on the home loop once the connection is closed or the process is reaped; a process that does
  /// not end by itself within `grace` is killed.
  func close(grace: Duration, _ closed: @escaping () -> Void)
}

enum MediaSourceEvent {
  /// It works, though there may be no media yet.
  case alive
  /// Valid during the call; may be changed.
  case bytes(UnsafeMutableRawBufferPointer)
  /// The process that makes the media.
  case process(Int32)
  /// It is gone by itself; 128 + the signal's number if by one.
  case exited(code: Int32)
  case progress(FFmpegProgress.Report)
  case mediaInfo(input: [String: MediaProperty], output: [String: MediaProperty])
  case failed(SourceFailure)
  /// `isComplete`: all of a film has been delivered.
  case ended(isComplete: Bool)
}

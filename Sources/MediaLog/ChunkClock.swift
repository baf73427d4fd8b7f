/// The times of chunks on the log's own clock, which the media alone moves on. The end of one chunk is the start of the
/// next, so that the durations of a segment's chunks add up to exactly the distance between its ends. 90 kHz.
///
/// A hole in the source's times (lost media, a jump that nobody announced) counts as one frame: the log's clock tells
/// how long the media plays, and no segment gets longer than it plays.
package struct ChunkClock: Sendable {
  /// Where the open chunk begins on the log's own clock: the sum of all durations before it.
  package private(set) var sealed: Int64 = 0
  /// What the next frame is expected to last.
  package private(set) var frame: Int64 = 3_600
  private var start: Int64 = 0
  private var latest: Int64 = 0
  private var lastStep: Int64 = 3_600
  private var isRunning = false

  private static let second: Int64 = 90_000

  /// `start`: where the source's time line stands before the first frame; a decode time, unwrapped.
  package init(start: Int64 = 0) { (self.start, latest) = (start, start) }

  /// Where the open chunk begins on the source's time line: a decode time, unwrapped.
  package var chunkStart: Int64 { start }

  /// Where the latest frame ends on the source's time line, as far as one can tell; nil before the first.
  package var mediaEnd: Int64? { isRunning ? latest + frame : nil }

  /// Where the latest frame begins on the log's own clock.
  package var position: Int64 { sealed + max(0, latest - start) }

  /// Where the latest frame ends, as far as one can tell before the next.
  package var end: Int64 { isRunning ? sealed + max(0, latest + frame - start) : sealed }

  /// A frame (or audio access unit) of the main stream begins at decode time `time`.
  package mutating func observe(_ time: Int64) {
    guard isRunning else { return restart(at: time) }
    let step = time - latest
    latest = time
    if step > 0 {
      // Frames that are really so far apart come so again.
      let isHole = step > Self.second && step > 2 * lastStep
      lastStep = step
      if isHole { start += step - frame } else { frame = step }
    } else if step < -Self.second {
      start += step - frame
    }
  }

  /// Ends the open chunk, and answers its duration (≥ 0); the next chunk begins where this one ends.
  ///
  /// - Parameters:
  ///   - next: the decode time of the frame that the next chunk begins with, if that is known and of the same time line.
  ///   - limit: on the log's own clock; what goes beyond it counts for the next chunk.
  package mutating func seal(next: Int64?, notAfter limit: Int64? = nil) -> Int64 {
    if let next { observe(next) }
    guard isRunning else { return 0 }
    var duration = max(0, (next == nil ? latest + frame : latest) - start)
    if let limit { duration = min(duration, max(0, limit - sealed)) }
    start += duration
    sealed += duration
    return duration
  }

  /// Goes on with a log that ends at decode time `end` and `sealed` on the log's own clock; its last frames were observed.
  package mutating func resume(at end: Int64, sealed: Int64) {
    self.sealed = sealed
    (start, latest, lastStep, isRunning) = (end, end - frame, frame, true)
  }

  /// The next chunk begins at `time`, whatever was before: the log's beginning or a splice. Nil: at the next time that
  /// comes.
  package mutating func restart(at time: Int64?) {
    isRunning = time != nil
    start = time ?? start
    latest = start
  }
}

/// The times of chunks on the log's own clock. The end of one chunk is the start of the next, so that the durations of
/// a segment's chunks add up to exactly the distance between its random access points. 90 kHz, unwrapped.
package struct ChunkClock: Sendable {
  private var start: Int64 = 0
  private var latest: Int64 = 0
  private var frame: Int64 = 3_600
  private var isRunning = false

  package init() {}

  /// A frame (or audio access unit) of the main stream begins at decode time `time`.
  package mutating func observe(_ time: Int64) {
    let step = time - latest
    if isRunning, step > 0, step <= 90_000 { frame = step }
    latest = time
    isRunning = true
  }

  /// Ends the open chunk. `next` is the decode time at which the next one begins, if that is known and continuous.
  /// Answers the chunk's duration (≥ 0); the next chunk begins where this one ends.
  package mutating func seal(next: Int64?) -> Int64 {
    let end = max(start, next ?? (latest + frame))
    let duration = min(end - start, 90_000 * 60)
    start = end
    return duration
  }

  /// The next chunk begins at `time`, whatever was before: the log's beginning or a splice.
  package mutating func restart(at time: Int64) {
    start = time
    latest = time
    isRunning = true
  }

  /// Where the open chunk begins.
  package var chunkStart: Int64 { start }
}

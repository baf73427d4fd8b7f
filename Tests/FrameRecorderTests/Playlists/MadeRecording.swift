import FrameEncoding
import FrameRecorder
import Identifiers
import TestKit

/// Recordings made up: segments one after the other, over sessions.
struct MadeRecording {
  private(set) var segments: [RecordedSegment] = []
  private var session: SessionID
  private var sequence: (media: UInt64, discontinuity: UInt64)
  private var number: UInt64
  private var pts: Int64 = 90_000
  private var generator: SeededGenerator

  init(seed: UInt64 = 1, number: UInt64 = 0, mediaSequence: UInt64 = 0, discontinuity: UInt64 = 0) {
    generator = SeededGenerator(seed: seed)
    session = SessionID(using: &generator)
    self.number = number
    sequence = (mediaSequence, discontinuity)
  }

  /// Times in seconds, of capture from 2026-11-21T00:00:00Z on.
  mutating func add(_ capture: Double, _ duration: Double = 6) {
    let start = FrameTime(milliseconds: 1_795_219_200_000 + Int64((capture * 1_000).rounded()))
    let ticks = Int64((duration * 90_000).rounded())
    segments.append(
      RecordedSegment(
        number: number, session: session, epoch: Epoch(1), mediaSequence: sequence.media,
        discontinuitySequence: sequence.discontinuity, pts: pts, duration: ticks, captureStart: start,
        captureEnd: start.advanced(byMilliseconds: Int64(duration * 1_000) - 1), recorded: start, bytes: 188_000,
        frames: 6, size: PictureSize(width: 1_920, height: 1_080)))
    sequence.media += 1
    number += 1
    pts += ticks
  }

  mutating func startSession() {
    session = SessionID(using: &generator)
    sequence.discontinuity += 1
    pts = 90_000
  }

  /// Numbers that no segment has.
  mutating func skipNumbers(_ count: UInt64) { number += count }
}

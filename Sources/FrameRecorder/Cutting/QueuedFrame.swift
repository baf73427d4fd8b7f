/// A frame that was read and is not yet recorded.
package struct QueuedFrame: Sendable, Equatable {
  package let entry: EntryID
  package let event: FrameEvent
  /// When the frame was received (`FrameTimeRule.received`).
  package let received: FrameTime

  package init(entry: EntryID, event: FrameEvent, received: FrameTime) {
    (self.entry, self.event, self.received) = (entry, event, received)
  }

  /// By capture time, at one time by arrival.
  static func isBefore(_ left: QueuedFrame, _ right: QueuedFrame) -> Bool {
    (left.event.capture, left.entry) < (right.event.capture, right.entry)
  }
}

/// Frames that make one segment, in the order in which they are shown. Once cut it stays as it is.
package struct FrameBatch: Sendable, Equatable {
  /// At least one.
  package let frames: [QueuedFrame]
  package let rule: CutRule
  /// When it was cut: batches of different devices are encoded oldest first.
  package let cutAt: ContinuousClock.Instant

  /// Under which its tries are counted.
  package var firstEntry: EntryID { frames[0].entry }
}

/// Why a batch was cut.
package enum CutRule: String, Sendable {
  /// C1: there are N.
  case count
  /// C2: one has waited W.
  case wait
  /// C3: the next one is far later or far earlier.
  case step
  /// C4: the next one would make the segment too long.
  case media
  /// C5: the last worker ends.
  case flush
}

package import FrameEncoding
package import TransportStream

/// A published segment, as its commit tells it to the store.
package struct SegmentCommit: Sendable, Equatable {
  package var device: DevicePair
  /// As the device was loaded with.
  package var generation: UInt64
  package var number: UInt64
  /// Under which the batch's tries are counted.
  package var firstEntry: EntryID
  /// The session that `begin` found active; nil: none.
  package var expectedSession: SessionID?
  /// The segment's; another one than the expected begins with it.
  package var session: SessionID
  /// Why the expected one ends, where it does.
  package var endReason: SessionEnd?
  /// 1/90,000 s; `nextPTS`: where the session goes on.
  package var pts: Int64
  package var duration: Int64
  package var nextPTS: Int64
  package var continuity: [PIDContinuity]
  /// Of its first and its last frame.
  package var captured: ClosedTimes
  package var received: ClosedTimes
  package var bytes: Int
  package var frames: Int
  package var size: PictureSize
  /// EXT-X-TARGETDURATION by the configuration, s.
  package var target: Int
  /// Up to which entry all of the device is finished after this commit.
  package var done: EntryID?
  /// Entries of the device that are not finished after it.
  package var backlog: Int
  /// Those of the good frames, and those of the bad.
  package var entries: [EntryID]
  package var letters: [DeadLetter]
  /// Of the good frames.
  package var events: [String]
  package var secondaryKeys: [String]

  /// Two times that are not in order necessarily.
  package struct ClosedTimes: Sendable, Equatable {
    package var first: FrameTime
    package var last: FrameTime

    package init(first: FrameTime, last: FrameTime) { (self.first, self.last) = (first, last) }
  }

  package init(
    device: DevicePair, generation: UInt64, number: UInt64, firstEntry: EntryID, expectedSession: SessionID?,
    session: SessionID, endReason: SessionEnd? = nil, pts: Int64, duration: Int64, nextPTS: Int64,
    continuity: [PIDContinuity], captured: ClosedTimes, received: ClosedTimes, bytes: Int, frames: Int,
    size: PictureSize, target: Int, done: EntryID?, backlog: Int = 0, entries: [EntryID], letters: [DeadLetter] = [],
    events: [String], secondaryKeys: [String] = []
  ) {
    (self.device, self.generation, self.number, self.firstEntry) = (device, generation, number, firstEntry)
    (self.expectedSession, self.session, self.endReason) = (expectedSession, session, endReason)
    (self.pts, self.duration, self.nextPTS, self.continuity) = (pts, duration, nextPTS, continuity)
    (self.captured, self.received, self.bytes, self.frames) = (captured, received, bytes, frames)
    (self.size, self.target, self.done, self.backlog) = (size, target, done, backlog)
    (self.entries, self.letters, self.events) = (entries, letters, events)
    self.secondaryKeys = secondaryKeys
  }

  /// In the order in which the script takes them, up to its limits.
  var arguments: [String] {
    [
      device.description, String(generation), String(number), firstEntry.description, expectedSession?.text ?? "",
      session.text, endReason?.rawValue ?? "",
    ]
  }

  var media: [String] {
    let times = [captured.first, captured.last, received.first, received.last].map { String($0.milliseconds) }
    let numbers = [String(pts), String(duration), String(nextPTS), ContinuityText.render(continuity)]
    return numbers + times + [
      String(bytes), String(frames), size.description, String(target), done?.description ?? "", String(backlog),
    ]
  }

  var lists: [String] {
    FrameStore.list(entries.map(\.description)) + FrameStore.list(events)
      + FrameStore.list(letters.map(\.arguments)) + FrameStore.list(secondaryKeys.filter { !$0.isEmpty })
  }
}

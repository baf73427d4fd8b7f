/// What is told of a device.
package struct DeviceSummary: Sendable, Equatable {
  package var device: DevicePair
  /// When its newest frame was received; nil: none was.
  package var lastReceived: FrameTime?
  /// Not silent for longer than its offline limit.
  package var isOnline: Bool
  /// Listed ones.
  package var segments: Int
  /// The ends of its index.
  package var first: RecordedSegment?
  package var last: RecordedSegment?
  /// Of the listed segments.
  package var bytes: Int64
  /// The active one.
  package var session: SessionID?
  /// Frames that were read and are not recorded.
  package var backlog: Int
}

/// A page of devices, in the order of their partitions and names.
package struct DevicePage: Sendable, Equatable {
  package var devices: [DeviceSummary]
  /// Where the next page begins: behind this one; nil: there is none.
  package var next: DevicePair?
}

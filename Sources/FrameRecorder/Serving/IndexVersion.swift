/// What tells one state of a device's index from another: committed entries never change, they come at one end and go at
/// the other, unless the device is reset or imported.
package struct IndexVersion: Hashable, Sendable {
  package var generation: UInt64
  var indexed: FrameTime?
  /// EXT-X-TARGETDURATION; nil: the device has none yet.
  var target: Int?
  /// Numbers of the segments at both ends; nil: there are none.
  package var first: UInt64?
  package var last: UInt64?

  /// Whether what is known of `other` is still right where both have it.
  func continues(_ other: IndexVersion) -> Bool {
    guard generation == other.generation, indexed == other.indexed, let first, let last, let known = other.last else {
      return false
    }
    return first <= known && known <= last
  }
}

/// A device's index as it was read.
package struct DeviceIndex: Sendable {
  package var version: IndexVersion
  package var segments: [ListedSegment]
}

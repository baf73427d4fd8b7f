/// Every key of the recorder in Redis. No other file spells one.
///
/// With hash tags (Redis Cluster) all keys of a partition share a slot: `{f44}frames:44`, `{f44}hls:seq:<c>:<d>` …
package struct FrameKeys: Sendable {
  package let usesHashTags: Bool
  package let partitions: Int

  /// `partitions`: P ≥ 1, which the partition of a device goes by.
  package init(partitions: Int = 64, usesHashTags: Bool = false) {
    (self.partitions, self.usesHashTags) = (max(1, partitions), usesHashTags)
  }

  // MARK: One partition

  /// Stream: frames that are accepted and not yet recorded.
  package func stream(_ partition: FramePartition) -> String { tag(partition) + "frames:\(partition)" }

  /// Hash: who owns the partition.
  package func partition(_ partition: FramePartition) -> String { tag(partition) + "frames:partition:\(partition)" }

  /// Sorted set: device by the ms at which its last frame was received.
  package func devices(_ partition: FramePartition) -> String { tag(partition) + "frames:devices:\(partition)" }

  /// Sorted set: device by the ms of its last commit, as far as that lies in the ten minutes before the partition's last one.
  package func recent(_ partition: FramePartition) -> String { tag(partition) + "frames:recent:\(partition)" }

  /// Hash: first entry of a batch → tries.
  package func tries(_ partition: FramePartition) -> String { tag(partition) + "frames:tries:\(partition)" }

  /// Sorted set: `<c>:<d>:<n>` by the ms at which the file may go.
  package func trash(_ partition: FramePartition) -> String { tag(partition) + "frames:trash:\(partition)" }

  /// Stream: what could not be recorded. One for all, with hash tags one a partition.
  package func dead(_ partition: FramePartition) -> String { tag(partition) + "frames:dead" }

  /// Sorted set: `<c>:<d>:<session>` by the ms of its next action. One for all, with hash tags one a partition.
  package func archives(_ partition: FramePartition) -> String { tag(partition) + "frames:archives" }

  /// String with a lifetime: the entry that a source's frame became.
  package func source(_ source: String, _ partition: FramePartition) -> String {
    tag(partition) + "frames:source:" + source
  }

  // MARK: One device

  package func partition(of device: DevicePair) -> FramePartition { device.partition(of: partitions) }

  /// Hash: the device's record.
  package func device(_ device: DevicePair) -> String { tag(device) + "frames:device:\(device)" }

  /// What the keys of a partition's device records begin with; the device follows.
  package func devicePrefix(_ partition: FramePartition) -> String { tag(partition) + "frames:device:" }

  /// Stream: the index, an entry a segment.
  package func log(_ device: DevicePair) -> String { tag(device) + "frames:log:\(device)" }

  /// Sorted set with a lifetime: event id by the ms at which it was recorded.
  package func seen(_ device: DevicePair) -> String { tag(device) + "frames:seen:\(device)" }

  /// Sorted set: number of a segment by the capture time of its first frame in seconds.
  package func segments(_ device: DevicePair) -> String { tag(device) + "hls:segments:\(device)" }

  /// String: the last number given.
  package func sequence(_ device: DevicePair) -> String { tag(device) + "hls:seq:\(device)" }

  /// Hash: one transmission.
  package func session(_ session: SessionID, of device: DevicePair) -> String {
    sessionPrefix(device) + session.text
  }

  /// What the keys of a device's sessions begin with; the session's id follows.
  package func sessionPrefix(_ device: DevicePair) -> String { tag(device) + "frames:session:" }

  // MARK: The cluster

  package var allPartitions: [FramePartition] { (0..<partitions).map { FramePartition($0) } }

  /// One partition for each key of archives that there is.
  package var archivePartitions: [FramePartition] { usesHashTags ? allPartitions : [FramePartition(0)] }

  /// Hash: `partitions`.
  package var configuration: String { "frames:config" }

  /// Strings with a lifetime: who ends sessions and archives them, who sweeps.
  package var checker: String { "frames:checker" }
  package var sweeper: String { "frames:sweeper" }

  private func tag(_ partition: FramePartition) -> String { usesHashTags ? "{f\(partition)}" : "" }
  private func tag(_ device: DevicePair) -> String { tag(partition(of: device)) }
}

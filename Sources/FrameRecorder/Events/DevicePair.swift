/// A device: one folder, one owner, one numbering. The raw ids that a producer sends may differ where these are the same.
package struct DevicePair: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let client: SafeName
  package let device: SafeName

  package init(client: SafeName, device: SafeName) {
    self.client = client
    self.device = device
  }

  /// Nil unless `text` is `<client>:<device>`, both sanitised.
  package init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let client = SafeName(String(parts[0])), let device = SafeName(String(parts[1])) else {
      return nil
    }
    self.init(client: client, device: device)
  }

  /// Where the device's frames go: CRC-32 of `<client>:<device>` modulo `count` ≥ 1, on every worker the same.
  package func partition(of count: Int) -> FramePartition {
    FramePartition(Int(ZlibCRC32.of(description.utf8) % UInt32(max(1, count))))
  }

  package static func < (left: DevicePair, right: DevicePair) -> Bool {
    (left.client, left.device) < (right.client, right.device)
  }

  package var description: String { "\(client):\(device)" }
}

/// The number of a partition, from 0.
package struct FramePartition: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let number: Int

  package init(_ number: Int) { self.number = number }

  package static func < (left: FramePartition, right: FramePartition) -> Bool { left.number < right.number }
  package var description: String { String(number) }
}

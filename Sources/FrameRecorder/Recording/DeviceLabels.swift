internal import Synchronization

/// The label `device_id` of a process' counters (`METRICS_DEVICE_LABELS`): the first thousand devices have their own, the
/// others one together, so that the number of series is bounded.
package final class DeviceLabels: Sendable {
  let isShown: Bool
  private let known = Mutex<Set<DevicePair>>([])

  /// Devices with a label of their own.
  static let most = 1_000

  package init(isShown: Bool = false) { self.isShown = isShown }

  var names: [String] { isShown ? ["device_id"] : [] }

  /// As many as there are names. `device`: nil if it is not known.
  func values(of device: DevicePair?) -> [String] {
    guard isShown else { return [] }
    guard let device else { return ["unknown"] }
    let hasOwn = known.withLock { known in
      if known.count < Self.most { known.insert(device) }
      return known.contains(device)
    }
    return [hasOwn ? device.description : "other"]
  }
}

internal import Observability
internal import Synchronization

/// A counter that tells devices apart where it is told to (`METRICS_DEVICE_LABELS`): the first thousand, the others together.
struct DeviceCounter: Sendable {
  /// The devices that have series of their own.
  private final class Devices: Sendable {
    private let known = Mutex<Set<String>>([])
    private let most: Int

    init(_ most: Int) { self.most = most }

    func label(_ name: String) -> String {
      known.withLock { known in
        if known.contains(name) { return name }
        guard known.count < most else { return "other" }
        known.insert(name)
        return name
      }
    }
  }

  private let family: CounterFamily
  /// Nil: they are not told apart.
  private let devices: Devices?
  private static let mostDevices = 1_000
  /// Of the values of the labels before the device's.
  private static let mostKinds = 16

  /// `labels`: its own, before the device's.
  init(
    _ registry: MetricsRegistry, _ name: StaticString, help: StaticString, labels: [String] = [], labelsDevices: Bool
  ) {
    devices = labelsDevices ? Devices(Self.mostDevices) : nil
    let most = (Self.mostDevices + 2) * (labels.isEmpty ? 1 : Self.mostKinds)
    family = registry.counter(
      name, help: help, labels: labels + (labelsDevices ? ["device_id"] : []),
      maximum: labelsDevices ? most : MetricsRegistry.maximumSeries)
    // Without labels it is there from the start.
    if labels.isEmpty, !labelsDevices { _ = family.with([]) }
  }

  /// `device`: nil if it is not known.
  func add(_ count: UInt64 = 1, _ values: [String] = [], of device: DevicePair?) {
    guard count > 0 else { return }
    let label = devices.map { devices in device.map { devices.label($0.description) } ?? "unknown" }
    family.with(values + (label.map { [$0] } ?? [])).add(count)
  }
}

internal import Observability

/// A counter that tells devices apart where it is told to (`METRICS_DEVICE_LABELS`).
struct DeviceCounter: Sendable {
  private let family: CounterFamily
  private let devices: DeviceLabels

  /// `labels`: its own, before the device's.
  init(
    _ registry: MetricsRegistry, _ name: StaticString, help: StaticString, labels: [String] = [],
    _ devices: DeviceLabels
  ) {
    self.devices = devices
    family = registry.counter(
      name, help: help, labels: labels + devices.names,
      maximum: devices.isShown ? DeviceLabels.most * 16 : MetricsRegistry.maximumSeries)
    // Without labels it is there from the start.
    if labels.isEmpty, !devices.isShown { _ = family.with([]) }
  }

  /// `device`: nil if it is not known.
  func add(_ count: UInt64 = 1, _ values: [String] = [], of device: DevicePair?) {
    guard count > 0 else { return }
    family.with(values + devices.values(of: device)).add(count)
  }
}

internal import Observability

/// A counter that tells devices apart where it is told to (`METRICS_DEVICE_LABELS`): the first thousand, the others together.
struct DeviceCounter: Sendable {
  private let family: CounterFamily
  private let labelsDevices: Bool
  private static let mostSeries = 1_000

  /// `labels`: its own, before the device's.
  init(
    _ registry: MetricsRegistry, _ name: StaticString, help: StaticString, labels: [String] = [], labelsDevices: Bool
  ) {
    self.labelsDevices = labelsDevices
    family = registry.counter(
      name, help: help, labels: labels + (labelsDevices ? ["device_id"] : []),
      maximum: labelsDevices ? Self.mostSeries : MetricsRegistry.maximumSeries)
    // Without labels it is there from the start.
    if labels.isEmpty, !labelsDevices { _ = family.with([]) }
  }

  /// `device`: nil if it is not known.
  func add(_ count: UInt64 = 1, _ values: [String] = [], of device: DevicePair?) {
    guard count > 0 else { return }
    family.with(values + (labelsDevices ? [device?.description ?? "unknown"] : [])).add(count)
  }
}

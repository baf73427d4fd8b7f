internal import Cluster
internal import Identifiers
internal import MediaLog

/// Tells the coordinator once a second what the viewers of this worker got, and closes those that it has ended: not at the
/// first word, since a store that has lost all of them gets them back within a second. Who is deleted is told at once.
struct TrafficReport: Sendable {
  let coordinator: any Coordinator
  let registry: ViewerRegistry
  private let gone = GoneViewers()

  init(coordinator: any Coordinator, registry: ViewerRegistry) {
    (self.coordinator, self.registry) = (coordinator, registry)
  }

  func send(_ stream: StreamID, _ reports: [FanOutReader.Report]) {
    let batch = reports.map { report in
      ClientTraffic(
        stream: stream, client: report.client, bytes: report.bytes, position: report.position?.value,
        lagMilliseconds: UInt64(max(0, report.lagSeconds) * 1000))
    }
    guard !batch.isEmpty else { return }
    Task {
      guard let unknown = try? await coordinator.refresh(batch) else { return }
      let asked = batch.map { ClientReference(stream: $0.stream, client: $0.client) }
      for viewer in gone.judge(asked: asked, gone: unknown) { registry.close(viewer, .deleted) }
    }
  }
}

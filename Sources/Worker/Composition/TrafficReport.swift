internal import Cluster
internal import Identifiers
internal import MediaLog

/// Tells the coordinator once a second what the viewers of this worker got, and closes those that it has ended.
struct TrafficReport: Sendable {
  let coordinator: any Coordinator
  let registry: ViewerRegistry
  /// False while others may hold this worker for dead, and its clients for gone: then they are put back, not closed.
  var isKnownToLive: @Sendable () -> Bool = { true }

  func send(_ stream: StreamID, _ reports: [FanOutReader.Report]) {
    let batch = reports.map { report in
      ClientTraffic(
        stream: stream, client: report.client, bytes: report.bytes, position: report.position?.value,
        lagMilliseconds: UInt64(max(0, report.lagSeconds) * 1000))
    }
    guard !batch.isEmpty else { return }
    let wasKnown = isKnownToLive()
    Task {
      guard let gone = try? await coordinator.refresh(batch), wasKnown, isKnownToLive() else { return }
      for viewer in gone { registry.close(viewer, .deleted) }
    }
  }
}

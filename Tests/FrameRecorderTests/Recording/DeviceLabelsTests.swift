import Observability
import TestKit
import Testing

@testable import FrameRecorder

@Suite("Labels of devices", .timeLimit(.minutes(1))) struct DeviceLabelsTests {
  @Test("are those of the first thousand; the others' errors still tell their kind")
  func bounded() throws {
    let registry = MetricsRegistry()
    let devices = DeviceLabels(isShown: true)
    let metrics = RecorderMetrics(registry, devices)
    let keeping = KeepingMetrics(registry, devices)
    for number in 0..<1_002 { metrics.received.add(of: try FrameRig.pair("c1:d\(number)")) }
    for kind in ["ffmpeg", "commit"] {
      for number in [0, 1_000, 1_001] { metrics.errors.add(1, [kind], of: try FrameRig.pair("c1:d\(number)")) }
    }
    keeping.segmentsDeleted.add(3, of: try FrameRig.pair("c1:d999"))
    keeping.segmentsDeleted.add(4, of: try FrameRig.pair("c1:d1000"))
    let lines = registry.render().split(separator: "\n")
    #expect(lines.count { $0.hasPrefix("stream_processor_frames_received_total{") } == 1_001)
    for line in [
      "stream_processor_frames_received_total{device_id=\"other\"} 2",
      "stream_processor_errors_total{error_type=\"ffmpeg\",device_id=\"c1:d0\"} 1",
      "stream_processor_errors_total{error_type=\"ffmpeg\",device_id=\"other\"} 2",
      "stream_processor_errors_total{error_type=\"commit\",device_id=\"other\"} 2",
      "stream_processor_segments_deleted_total{device_id=\"c1:d999\"} 3",
      "stream_processor_segments_deleted_total{device_id=\"other\"} 4",
    ] { #expect(lines.contains { $0 == line }, "\(line)") }
  }

  @Test("are none where they are not asked for")
  func none() throws {
    let registry = MetricsRegistry()
    let metrics = RecorderMetrics(registry)
    for number in 0..<60 { metrics.received.add(of: try FrameRig.pair("c1:d\(number)")) }
    let lines = registry.render().split(separator: "\n")
    #expect(lines.contains("stream_processor_frames_received_total 60"))
    #expect(!lines.contains { $0.contains("device_id") })
  }
}

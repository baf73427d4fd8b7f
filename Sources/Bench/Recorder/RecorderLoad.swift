import Foundation
import Synchronization
import TestKit

/// What the workers and their encoders cost while they record.
final class RecorderLoad: Sendable {
  private struct Sample: Sendable {
    var workerKiB = 0
    var encoderKiB = 0
    var encoders = 0
    var oldest = 0.0
  }

  /// KiB of each worker before the first frame.
  private let start: [Int32: Int]
  private let most = Mutex(Sample())
  private let last = Mutex<[Int32: (worker: Double, encoders: Double)]>([:])

  init(_ cluster: [WorkerProcess]) {
    start = Dictionary(cluster.map { ($0.pid, $0.residentBytes / 1024) }) { first, _ in first }
  }

  /// Until its task is cancelled.
  func watch(_ cluster: [WorkerProcess]) async {
    while !Task.isCancelled {
      for worker in cluster where worker.isRunning { await look(worker) }
      try? await Task.sleep(for: .seconds(2))
    }
  }

  private func look(_ worker: WorkerProcess) async {
    let encoders = ProcessTable.children(of: worker.pid, named: "millrace-encode")
    let text = (try? await worker.get("/metrics").text) ?? ""
    let oldest = Self.value("millrace_frames_oldest_unrecorded_seconds", in: text)
    let encoderKiB = encoders.map { ProcessTable.residentBytes($0) / 1024 }.max() ?? 0
    most.withLock { most in
      most.workerKiB = max(most.workerKiB, worker.residentBytes / 1024)
      most.encoderKiB = max(most.encoderKiB, encoderKiB)
      most.encoders = max(most.encoders, encoders.count)
      most.oldest = max(most.oldest, oldest)
    }
    let seconds = ProcessTable.processorTime(worker.pid) / .seconds(1)
    let children = encoders.reduce(0) { $0 + ProcessTable.processorTime($1) / .seconds(1) }
    last.withLock { $0[worker.pid] = (seconds, children) }
  }

  /// Waits until no worker has a device in memory.
  func afterSilence(_ cluster: [WorkerProcess]) async throws -> String {
    let living = cluster.filter(\.isRunning)
    try await eventually("all devices to be let go of", within: .seconds(60), polling: .seconds(1)) {
      for worker in living {
        let text = try await worker.get("/metrics").text
        guard Self.value("stream_processor_active_devices", in: text) == 0 else { return false }
      }
      return true
    }
    // Memory is given back every few seconds.
    try await Task.sleep(for: .seconds(15))
    let rows = living.map { worker in
      let (before, after) = (start[worker.pid] ?? 0, worker.residentBytes / 1024)
      return "KiB of a worker: at the start \(before), after the silence \(after)"
        + " (\(cell(100 * Double(after - before) / Double(max(1, before)), 1)) % more)"
    }
    return rows.joined(separator: "\n")
  }

  private static func value(_ name: String, in text: String) -> Double {
    let line = text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
    return line?.split(separator: " ").last.flatMap { Double($0) } ?? 0
  }

  var table: String {
    let most = most.withLock { $0 }
    let sum = last.withLock { $0.values.reduce((0, 0)) { ($0.0 + $1.worker, $0.1 + $1.encoders) } }
    return "CPU s: workers \(cell(sum.0, 1)), their encoders \(cell(sum.1, 1)); most: worker \(most.workerKiB) KiB,"
      + " encoder \(most.encoderKiB) KiB (\(most.encoders) a worker), oldest unrecorded \(cell(most.oldest, 1)) s"
  }
}

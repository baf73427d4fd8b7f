import Foundation

/// Resident memory of the worker for each further viewer.
struct MemoryBench {
  private let count: Int

  init(_ options: BenchOptions) { count = options.number("clients", 1000) }

  func run() async throws { try await Relay.run(measure) }

  private func measure(_ relay: Relay) async throws {
    let few = Sink()
    try few.open(10, port: relay.worker.port, path: relay.path)
    // The window fills first: it is the stream's, not the viewers'.
    try await Task.sleep(for: .seconds(45))
    let before = relay.worker.residentKiB
    let many = Sink()
    try many.open(count, port: relay.worker.port, path: relay.path)
    try await Task.sleep(for: .seconds(10))
    let after = relay.worker.residentKiB
    await many.close()
    try await Task.sleep(for: .seconds(5))
    let left = relay.worker.residentKiB
    await few.close()
    say("   RSS with 10    with \(count) more    KiB a viewer    after they left")
    say("   \(before) KiB     \(after) KiB    \(cell(Double(after - before) / Double(count), 2))      \(left) KiB")
  }
}

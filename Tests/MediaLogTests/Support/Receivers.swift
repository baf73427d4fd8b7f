import Foundation
import Synchronization
import TestKit

/// The far ends of wires, read by one thread as viewers would: at once, slowly, or not at all. `stop` it when done.
final class Receivers: Sendable {
  typealias ID = Int

  enum Pace: Sendable {
    case free
    case paused
    case bytesPerSecond(Int)
    /// Sips of so many bytes, as they come.
    case sips(Int)
  }

  enum End: Equatable, Sendable { case closed, reset }

  private struct Receiver {
    let descriptor: Int32
    var pace: Pace
    var since = ContinuousClock.now
    var countSince = 0
    var content: [UInt8] = []
    var end: End?
    var hasLeft = false

    /// How much it reads now.
    var appetite: Int {
      guard end == nil, !hasLeft else { return 0 }
      switch pace {
      case .free: return 1 << 20
      case .paused: return 0
      case .sips(let size): return size
      case .bytesPerSecond(let rate):
        return max(0, Int(since.duration(to: .now).inSeconds * Double(rate)) - (content.count - countSince))
      }
    }
  }

  private let receivers = Mutex<[Receiver]>([])
  private let isStopping = Atomic(false)
  private let hasStopped = Atomic(false)

  init() { Thread { [self] in run() }.start() }

  func add(_ descriptor: Int32, _ pace: Pace = .free) -> ID {
    receivers.withLock { receivers in
      receivers.append(Receiver(descriptor: descriptor, pace: pace))
      return receivers.count - 1
    }
  }

  func set(_ id: ID, _ pace: Pace) {
    receivers.withLock { receivers in
      receivers[id].pace = pace
      receivers[id].since = .now
      receivers[id].countSince = receivers[id].content.count
    }
  }

  /// Everybody reads on.
  func freeAll() {
    for id in 0..<receivers.withLock({ $0.count }) { set(id, .free) }
  }

  func content(_ id: ID) -> [UInt8] { receivers.withLock { $0[id].content } }
  func count(_ id: ID) -> Int { receivers.withLock { $0[id].content.count } }
  func end(_ id: ID) -> End? { receivers.withLock { $0[id].end } }

  /// The viewer goes away: its socket is closed.
  func leave(_ id: ID) {
    receivers.withLock { receivers in
      guard !receivers[id].hasLeft else { return }
      receivers[id].hasLeft = true
      close(receivers[id].descriptor)
    }
  }

  func stop() async throws {
    isStopping.store(true, ordering: .releasing)
    try await soon("the receivers' thread to end") { hasStopped.load(ordering: .acquiring) }
    for id in 0..<receivers.withLock({ $0.count }) { leave(id) }
  }

  private func run() {
    while !isStopping.load(ordering: .acquiring) {
      var entries = receivers.withLock { receivers in
        receivers.filter { $0.appetite > 0 }.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
      }
      guard poll(&entries, UInt(entries.count), 2) > 0 else { continue }
      let ready = Set(entries.filter { $0.revents != 0 }.map(\.fd))
      receivers.withLock { receivers in
        for index in receivers.indices where ready.contains(receivers[index].descriptor) { read(&receivers[index]) }
      }
    }
    hasStopped.store(true, ordering: .releasing)
  }

  private func read(_ receiver: inout Receiver) {
    let limit = min(receiver.appetite, 1 << 18)
    guard limit > 0 else { return }
    var code: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      let got = recv(receiver.descriptor, buffer.baseAddress, limit, Int32(MSG_DONTWAIT))
      if got < 0 { code = errno }
      count = max(0, got)
    }
    if !bytes.isEmpty {
      receiver.content += bytes
    } else if code == 0 {
      receiver.end = .closed
    } else if code != EAGAIN {
      receiver.end = .reset
    }
  }
}

import Foundation
import FrameRecorder
import Synchronization
import TestKit
import Testing

extension RecordingTests {
  @Suite struct Polled {
    /// Retention, and the grace behind it. A session lasts half of it at most.
    private static let (retention, grace) = (60, 10)
    private static let (devices, frames) = (0..<10, 0..<60)

    @Test("What is listed is there, lasts as its PTS say and never changes, while owners die (19.18)")
    func whatIsListedIsThereAndStaysAsItIs() async throws {
      try await withFixture { fixture in
        let scene = try await RecordingScene(fixture, devices: Self.devices.count, partitions: 4)
        let settings = [
          "MILLRACE_RETENTION_SECONDS": "\(Self.retention),\(Self.grace)", "PROCESSING_FRAMES_PER_SEGMENT": "3",
          "FRAMES_CLEANUP_INTERVAL_SECONDS": "10", "ARCHIVE_MIN_SESSION_DURATION_SECONDS": "0",
        ]
        let pollers = try Self.devices.map { Poller(try scene.device($0)) }
        var workers = try await ["w1", "w2"].asyncMap { try await scene.worker($0, settings) }
        for poller in pollers { poller.add(workers.map(\.port)) }
        try await eventually("shares", within: .seconds(30)) { try await scene.isOwned(by: ["w1", "w2"]) }

        try await withThrowingTaskGroup(of: Void.self) { group in
          for poller in pollers { group.addTask { await poller.run() } }
          let begun = ContinuousClock.now
          for number in Self.frames {
            try await scene.send(number..<number + 1, devices: Self.devices)
            if number == 16 || number == 36 {
              let victim = workers.removeFirst()
              for poller in pollers { poller.remove(victim.port) }
              try await victim.kill()
              let next = try await scene.worker(number == 16 ? "w3" : "w4", settings)
              workers.append(next)
              for poller in pollers { poller.add([next.port]) }
            }
            // The devices' own pace.
            try await Task.sleep(until: begun + .milliseconds(1_500) * (number + 1))
          }
          try await eventually("the last segments", within: .seconds(30)) {
            for index in Self.devices {
              let last = try await scene.store.segments(try scene.device(index)).last
              guard last?.captureEnd.milliseconds == RecordingScene.capture(Self.frames.count - 1) else {
                return false
              }
            }
            return true
          }
          for poller in pollers { poller.stop() }
          try await group.waitForAll()
        }

        for poller in pollers {
          let history = poller.history
          #expect(history.problems == [], "\(poller.device)")
          // So much less is asked of a sanitizer that its numbers tell nothing.
          if isSanitized { continue }
          #expect(history.count >= 20 && history.lines >= 3 && history.mediaSequence >= 5, "\(poller.device)")
          #expect(history.measuredCount == history.count, "\(poller.device)")
          #expect(history.polls >= 50 && poller.answers >= 500, "\(poller.device): \(history.polls) polls")
        }
        print("polls:", pollers.map(\.history.polls), "answers:", pollers.map(\.answers))
        // What left the index leaves the disk too.
        let file = scene.view + "/" + StoragePath.segment(try scene.device(0), 0).text
        try await eventually("the end of the first file", within: .seconds(30)) {
          !FileManager.default.fileExists(atPath: file)
        }
      }
    }
  }
}

/// Asks for a device's playlist each 200 ms, from one worker after the other, and for all that it lists.
private final class Poller: Sendable {
  private struct State {
    var ports: [Int] = []
    var turn = 0
    var answers = 0
    var isOver = false
    var history = RecordingHistory()
  }

  let device: DevicePair
  private let state = Mutex(State())
  private let clients = Mutex<[Int: RawHTTPClient]>([:])
  private var path: String { "/devices/\(device.client)/\(device.device)/" }
  private static let pause = Duration.milliseconds(200)

  init(_ device: DevicePair) { self.device = device }

  var history: RecordingHistory { state.withLock { $0.history } }
  /// Requests for segments that were answered.
  var answers: Int { state.withLock { $0.answers } }

  func add(_ ports: [Int]) { state.withLock { $0.ports += ports } }
  func remove(_ port: Int) { state.withLock { $0.ports.removeAll { $0 == port } } }
  func stop() { state.withLock { $0.isOver = true } }

  func run() async {
    while !state.withLock({ $0.isOver }) {
      let next = ContinuousClock.now + Self.pause
      let port = state.withLock { state in
        state.turn += 1
        return state.ports[state.turn % state.ports.count]
      }
      do {
        try await poll(port)
      } catch {
        clients.withLock { $0[port] = nil }
        // Of one that was killed meanwhile nothing is asked.
        state.withLock { if $0.ports.contains(port) { $0.history.note("\(error)") } }
      }
      try? await Task.sleep(until: next)
    }
  }

  private func poll(_ port: Int) async throws {
    let client = try await client(port)
    try await client.sendRequest("GET", path + "playlist.m3u8")
    let head = try await client.readHead()
    let text = String(decoding: try await client.readWholeBody(), as: UTF8.self)
    let isFirst = history.polls == 0
    guard head.status == 200 else {
      if !isFirst { state.withLock { $0.history.note("the playlist: \(head.startLine)") } }
      return
    }
    let (listed, new) = state.withLock { state in
      state.history.take(text)
      return (state.history.listed, state.history.unmeasured)
    }
    // All at once: they are answered in their order.
    try await client.send(listed.map { "HEAD \(path)\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
    for uri in listed {
      let answer = try await client.readHead(isHead: true)
      state.withLock { state in
        state.history.answered(uri, answer.status)
        state.answers += 1
      }
    }
    for uri in new {
      try await client.sendRequest("GET", path + uri)
      let answer = try await client.readHead()
      let bytes = try await client.readWholeBody()
      state.withLock { state in
        state.history.answered(uri, answer.status)
        if answer.status == 200 { state.history.fetched(uri, bytes) }
      }
    }
  }

  private func client(_ port: Int) async throws -> RawHTTPClient {
    if let client = clients.withLock({ $0[port] }) { return client }
    let client = try await RawHTTPClient.connect(port: port)
    clients.withLock { $0[port] = client }
    return client
  }
}

import EventLoop
import Foundation
import Glibc
import Synchronization

/// One viewer of a burst: POST, then GET of what that named. Confined to its loop but for `outcome`.
final class BurstViewer: Sendable {
  private enum Step { case posting, playing, watching, over }

  private struct State {
    var step = Step.posting
    var descriptor: Int32
    var watch: LoopBound<DescriptorWatch>?
    var bytes: [UInt8] = []
  }

  let outcome = Mutex(BurstOutcome())
  private let state: Mutex<State>
  private let next: Int
  private let start: ContinuousClock.Instant
  private let loop: EventLoop
  private let onEnd: @Sendable () -> Void
  private static let scratch = LoopScratch()

  init(
    _ descriptor: Int32, next: Int, start: ContinuousClock.Instant, loop: EventLoop,
    onEnd: @escaping @Sendable () -> Void
  ) {
    state = Mutex(State(descriptor: descriptor))
    (self.next, self.start, self.loop, self.onEnd) = (next, start, loop, onEnd)
  }

  func post(_ body: String) {
    send("POST /transcode HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
  }

  private func send(_ request: String) {
    let descriptor = state.withLock { $0.descriptor }
    guard LoopbackSocket.writeAll(descriptor, Array(request.utf8)[...]) else { return fail("write: \(errno)") }
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    let watch = loop.watchReadable(descriptor) { [unowned self] in read() }
    state.withLock { $0.watch = LoopBound(watch, loop: loop) }
  }

  private func read() {
    let (step, descriptor) = state.withLock { ($0.step, $0.descriptor) }
    let count = Glibc.read(descriptor, Self.scratch.base, LoopScratch.size)
    if count < 0, errno == EAGAIN { return }
    guard count > 0 else { return fail("closed after: \(text.prefix(300))") }
    guard step == .posting || step == .playing else { return }
    let piece = UnsafeRawBufferPointer(start: Self.scratch.base, count: count)
    state.withLock { $0.bytes += piece }
    if step == .posting { takeAnswer() } else { takeMedia() }
  }

  private var text: String { String(decoding: state.withLock { $0.bytes }, as: UTF8.self) }
  private var elapsed: Double { start.duration(to: .now) / .milliseconds(1) }

  private func takeAnswer() {
    let text = text
    guard text.contains("\r\n\r\n"), text.hasSuffix("}") else { return }
    guard text.hasPrefix("HTTP/1.1 200 "), let range = text.range(of: "\"stream_id\":\"") else {
      return fail("POST: \(text.suffix(300))")
    }
    let (id, time) = (String(text[range.upperBound...].prefix(32)), elapsed)
    outcome.withLock { ($0.id, $0.answered) = (id, time) }
    shut()
    do {
      let descriptor = try LoopbackSocket.connect(next)
      state.withLock { ($0.descriptor, $0.step, $0.bytes) = (descriptor, .playing, []) }
      send("GET /stream/\(id) HTTP/1.1\r\nHost: x\r\n\r\n")
    } catch {
      fail("connect: \(error)")
    }
  }

  /// The first packet is the PAT: sync byte, unit start, PID 0, behind the head and the size of a chunk.
  private func takeMedia() {
    let bytes = state.withLock { $0.bytes }
    guard let head = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return }
    guard bytes.starts(with: Array("HTTP/1.1 200 ".utf8)) else { return fail("GET: \(text.suffix(300))") }
    let rest = bytes[head.upperBound...]
    guard let size = rest.firstRange(of: Array("\r\n".utf8)),
      rest.distance(from: size.upperBound, to: rest.endIndex) > 3
    else { return }
    let packet = rest[size.upperBound...].prefix(3)
    guard packet.elementsEqual([0x47, 0x40, 0x00]) else { return fail("the first packet is no PAT: \(Array(packet))") }
    let time = elapsed
    outcome.withLock { $0.media = time }
    state.withLock { ($0.step, $0.bytes) = (.watching, []) }
    onEnd()
  }

  private func fail(_ problem: String) {
    let before = state.withLock { state in
      defer { state.step = .over }
      return state.step
    }
    guard before != .over else { return }
    outcome.withLock { $0.problem = $0.problem ?? problem }
    shut()
    if before != .watching { onEnd() }
  }

  private func shut() {
    let (watch, descriptor) = state.withLock { state in
      defer { (state.watch, state.descriptor) = (nil, -1) }
      return (state.watch, state.descriptor)
    }
    watch?.value.cancel()
    if descriptor >= 0 { Glibc.close(descriptor) }
  }

  func close() {
    state.withLock { $0.step = .over }
    shut()
  }
}

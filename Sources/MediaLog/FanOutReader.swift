internal import CLinux
internal import EventLoop
internal import Glibc
package import Identifiers
internal import TransportStream

/// One viewer of a log: a socket and a position. Confined to the loop of its fan-out.
///
/// ```
///   waiting for a random access point ──found──▶ at (chunk, offset) ──fell out of the window──▶ waiting, splice due
/// ```
///
/// The position stands on packet boundaries. What a partial write left of a packet, a splice preface and null packets
/// wait in `carry`, at most a few packets: a slow reader has no queue.
package final class FanOutReader {
  /// Why a reader has ended. After `complete` the socket wants a graceful close, after the others an abort.
  package enum End: Sendable { case complete, aborted, lost, writeTimeout }

  enum Outcome { case waiting, complete, aborted, lost }

  package struct Report: Sendable {
    package let client: ClientID
    /// Since the report before.
    package let bytes: UInt64
    package let position: ChunkNumber?
    package let lagSeconds: Double
  }

  private enum Position {
    /// Exit: a random access point. `isSplice`: it must be prefaced, because the reader has had other bytes before.
    case waiting(isSplice: Bool)
    /// Exit: falling out of the window. The offset is a whole number of packets.
    case at(ChunkNumber, offset: Int)
  }

  package struct Options: Sendable {
    /// The body is sent in chunks (RFC 9112 §7.1), else it ends with the connection.
    package var isChunked: Bool
    package var startSecondsBehind: Double
    /// Whole seconds (≥ 1) without any progress of a write after which the reader is dropped.
    package var writeTimeoutSeconds: Int

    package init(isChunked: Bool, startSecondsBehind: Double, writeTimeoutSeconds: Int) {
      self.isChunked = isChunked
      self.startSecondsBehind = startSecondsBehind
      self.writeTimeoutSeconds = writeTimeoutSeconds
    }
  }

  /// Of the log, in whole packets; the carry comes before it.
  private static let largestWrite = 188 * 1_394
  private static let mostSlices = 32

  package let client: ClientID
  package private(set) var bytesServed: UInt64 = 0
  var index: Int?
  var hasJustSkipped = false
  private(set) var isBlocked = false
  let onEnd: (End) -> Void

  private let descriptor: Int32
  private let options: Options
  private var position = Position.waiting(isSplice: false)
  private var carry: [UInt8] = []
  private var carryStart = 0
  /// What is due of the framing: the head of the next HTTP chunk, or the end of the body.
  private var framing: [UInt8] = []
  private var framingStart = 0
  /// What is due of the present HTTP chunk; it ends with a packet.
  private var frameRemaining = 0
  private var hasBegun = false
  /// The end of the body has been put into `framing`.
  private var hasFinished = false
  private var hasProgressed = true
  private var stalledSeconds = 0
  private var reported: UInt64 = 0
  private var writable: DescriptorWatch?
  private var loop: EventLoop?
  private var onWritable: (() -> Void)?

  /// `descriptor` is a non-blocking socket that others close, after `onEnd` or after they removed the reader.
  package init(client: ClientID, descriptor: Int32, options: Options, onEnd: @escaping (End) -> Void) {
    self.client = client
    self.descriptor = descriptor
    self.options = options
    self.onEnd = onEnd
  }

  func watchWritable(on loop: EventLoop, _ handler: @escaping () -> Void) {
    self.loop = loop
    onWritable = handler
  }

  func stopWatching() {
    writable?.cancel()
    writable = nil
    onWritable = nil
  }

  func unblock() {
    isBlocked = false
    writable?.disable()
  }

  private func block() {
    isBlocked = true
    if let writable { return writable.enable() }
    guard let loop, let onWritable else { return }
    writable = loop.watchWritable(descriptor, onWritable)
  }

  // MARK: Writing

  /// Sends what the log has for this reader until there is no more or the socket takes no more.
  func write(_ snapshot: LogSnapshot) -> Outcome {
    while true {
      locate(snapshot.window)
      let available = available(snapshot)
      if available == 0, framingStart == framing.count {
        guard let end = snapshot.end else { return .waiting }
        if end == .failed { return .aborted }
        guard options.isChunked, !hasFinished else { return .complete }
        finishBody()
      } else if let outcome = send(available, snapshot.window) {
        return outcome
      }
    }
  }

  private func available(_ snapshot: LogSnapshot) -> Int {
    if hasFinished { return 0 }
    let carried = carry.count - carryStart
    let available = carried + readable(snapshot.window)
    // A stopped log ends at once: after what has been begun, a packet or an HTTP chunk.
    guard snapshot.end == .stopped else { return available }
    return min(available, options.isChunked ? frameRemaining : carried)
  }

  /// What is due before the end of the body: the rest of the HTTP chunk, whose media is gone, or the last chunk.
  private func finishBody() {
    guard frameRemaining == 0 else {
      carry = NullPackets.make((frameRemaining + PacketView.size - 1) / PacketView.size)
      carryStart = 0
      return
    }
    hasFinished = true
    framing = Array((hasBegun ? "\r\n0\r\n\r\n" : "0\r\n\r\n").utf8)
    framingStart = 0
  }

  /// One `sendmsg`. Nil: go on.
  private func send(_ available: Int, _ window: LogWindow) -> Outcome? {
    if options.isChunked, frameRemaining == 0, available > 0, framingStart == framing.count { beginFrame(available) }
    let payload = options.isChunked ? min(available, frameRemaining) : available
    let wanted = framing.count - framingStart + payload
    let sent = withUnsafeTemporaryAllocation(of: iovec.self, capacity: Self.mostSlices + 2) { slices in
      framing.withUnsafeMutableBytes { framing in
        carry.withUnsafeMutableBytes { carry in
          let count = gather(payload, window, framing, carry, into: slices)
          return clinux_sendv(descriptor, slices.baseAddress, Int32(count))
        }
      }
    }
    if sent == -Int(EAGAIN) || sent == -Int(EWOULDBLOCK) {
      block()
      return .waiting
    }
    guard sent > 0 else { return .lost }
    hasProgressed = true
    consume(sent, window)
    guard sent < wanted else { return nil }
    block()
    return .waiting
  }

  private func beginFrame(_ size: Int) {
    framing.removeAll(keepingCapacity: true)
    framingStart = 0
    if hasBegun { framing.append(contentsOf: [0x0D, 0x0A]) }
    framing.append(contentsOf: String(size, radix: 16).utf8)
    framing.append(contentsOf: [0x0D, 0x0A])
    frameRemaining = size
    hasBegun = true
  }

  private func gather(
    _ payload: Int, _ window: LogWindow, _ framing: UnsafeMutableRawBufferPointer,
    _ carry: UnsafeMutableRawBufferPointer, into slices: UnsafeMutableBufferPointer<iovec>
  ) -> Int {
    var count = 0
    func add(_ base: UnsafeMutableRawPointer?, _ length: Int) {
      guard length > 0, count < slices.count else { return }
      slices[count] = iovec(iov_base: base, iov_len: length)
      count += 1
    }
    add(framing.baseAddress?.advanced(by: framingStart), framing.count - framingStart)
    let carried = min(payload, carry.count - carryStart)
    add(carry.baseAddress?.advanced(by: carryStart), carried)
    var remaining = payload - carried
    guard case .at(let number, var offset) = position, var index = window.index(of: number) else { return count }
    while remaining > 0, index < window.items.count {
      let length = min(remaining, window.items[index].byteCount - offset)
      add(window.items[index].chunk.bytes + offset, length)
      remaining -= max(0, length)
      index += 1
      offset = 0
    }
    return count
  }

  private func consume(_ sent: Int, _ window: LogWindow) {
    let framed = min(sent, framing.count - framingStart)
    framingStart += framed
    let payload = sent - framed
    if options.isChunked { frameRemaining -= payload }
    bytesServed &+= UInt64(payload)
    let carried = min(payload, carry.count - carryStart)
    carryStart += carried
    if carryStart == carry.count, carryStart > 0 {
      carry = []
      carryStart = 0
    }
    if payload > carried { advance(payload - carried, window) }
  }

  /// Moves the position on. A write that ended within a packet leaves the rest of that packet in `carry`.
  private func advance(_ byteCount: Int, _ window: LogWindow) {
    guard case .at(let number, var offset) = position, var index = window.index(of: number) else { return }
    var remaining = byteCount
    while remaining > 0, index < window.items.count {
      let step = min(remaining, window.items[index].byteCount - offset)
      remaining -= step
      offset += step
      guard remaining > 0 else { break }
      index += 1
      offset = 0
    }
    let item = window.items[min(index, window.items.endIndex - 1)]
    let torn = offset % PacketView.size
    if torn > 0 {
      let rest = UnsafeRawBufferPointer(start: item.chunk.bytes + offset, count: PacketView.size - torn)
      carry = Array(rest)
      carryStart = 0
      offset += rest.count
    }
    position = .at(item.chunk.number, offset: offset)
  }

  // MARK: Position

  /// Bytes of the log from the position on, as far as one write goes: whole packets.
  private func readable(_ window: LogWindow) -> Int {
    guard case .at(let number, let offset) = position, var index = window.index(of: number) else { return 0 }
    var bytes = window.items[index].byteCount - offset
    var slices = 1
    while bytes < Self.largestWrite, slices < Self.mostSlices, index + 1 < window.items.count {
      index += 1
      slices += 1
      bytes += window.items[index].byteCount
    }
    return max(0, min(bytes, Self.largestWrite))
  }

  /// Finds the position in the window: joins, goes on to the next chunk, or skips what is gone.
  private func locate(_ window: LogWindow) {
    if case .at(let number, let offset) = position {
      if let index = window.index(of: number) {
        let item = window.items[index]
        if item.isSealed, offset >= item.byteCount { position = .at(number.next, offset: 0) }
        return
      }
      guard let first = window.first?.chunk.number, number < first else { return }
      hasJustSkipped = true
      position = .waiting(isSplice: true)
    }
    guard case .waiting(let isSplice) = position,
      let number = window.joinPosition(secondsBehind: isSplice ? 0 : options.startSecondsBehind)
    else { return }
    if isSplice, let index = window.index(of: number) {
      carry.append(contentsOf: Splice.preface(continuity: window.items[index].chunk.header.continuity))
    }
    position = .at(number, offset: 0)
  }

  // MARK: Once a second

  /// Whether the socket has taken nothing for the whole write timeout.
  func isStalledForAnotherSecond() -> Bool {
    let isStalled = isBlocked && !hasProgressed
    hasProgressed = false
    stalledSeconds = isStalled ? stalledSeconds + 1 : 0
    return stalledSeconds >= max(1, options.writeTimeoutSeconds)
  }

  /// Puts null packets before what comes next, once the reader has had real data. Answers whether it did.
  func bridgeGap() -> Bool {
    guard !isBlocked, bytesServed > 0, carryStart == carry.count else { return false }
    carry = NullPackets.make(7)
    carryStart = 0
    return true
  }

  /// What the reader got since the report before.
  func takeReport(_ window: LogWindow) -> Report {
    let bytes = takeUnreported()
    guard case .at(let number, _) = position else {
      return Report(client: client, bytes: bytes, position: nil, lagSeconds: 0)
    }
    let lag = window.index(of: number) == nil ? 0 : window.secondsBehind(number)
    return Report(client: client, bytes: bytes, position: number, lagSeconds: lag)
  }

  /// Bytes that no report has told yet; what is left at the reader's end.
  package func takeUnreported() -> UInt64 {
    defer { reported = bytesServed }
    return bytesServed &- reported
  }
}

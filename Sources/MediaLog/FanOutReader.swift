internal import CLinux
internal import EventLoop
internal import Glibc
package import Identifiers
internal import TransportStream

/// One viewer of a log: a socket and a position. Confined to the loop of its fan-out.
///
/// ```
///   waiting for a random access point ──found──▶ at (chunk, offset) ──chunk is gone or not the same──▶ waiting, splice due
/// ```
///
/// The position stands on packet boundaries; a slow reader has no queue but a backlog of a few packets.
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

    package init(client: ClientID, bytes: UInt64, position: ChunkNumber? = nil, lagSeconds: Double = 0) {
      self.client = client
      self.bytes = bytes
      self.position = position
      self.lagSeconds = lagSeconds
    }
  }

  private enum Position {
    /// Exit: a random access point, none before chunk `from`. `isSplice`: it must be prefaced, because the reader has had
    /// other bytes before.
    case waiting(isSplice: Bool, from: ChunkNumber?)
    /// Exits: falling out of the window; another owner's chunks in the place of those that were read. The offset is a
    /// whole number of packets, the epoch that of the bytes before.
    case at(ChunkNumber, offset: Int, Epoch)
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

  /// Of the log, in whole packets; the backlog comes before it.
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
  private let served: (() -> UInt64)?
  private var position = Position.waiting(isSplice: false, from: nil)
  private var backlog: ReaderBacklog
  private var hasProgressed = true
  private var stalledSeconds = 0
  private var reported: UInt64 = 0
  private var writable: DescriptorWatch?
  private var loop: EventLoop?
  private var onWritable: (() -> Void)?

  /// `descriptor` is a non-blocking socket that others close, after `onEnd` or after they removed the reader.
  /// `served`: bytes that the client has had so far, where it gets something else than what is written to the
  /// descriptor; those are reported, and counted by whoever serves them.
  package init(
    client: ClientID, descriptor: Int32, options: Options, served: (() -> UInt64)? = nil,
    onEnd: @escaping (End) -> Void
  ) {
    self.client = client
    self.descriptor = descriptor
    self.options = options
    self.served = served
    backlog = ReaderBacklog(isChunked: options.isChunked)
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
      if available > 0 || !backlog.isEmpty {
        if let outcome = send(available, snapshot.window) { return outcome }
        continue
      }
      guard let end = snapshot.end else { return .waiting }
      if end == .failed { return .aborted }
      if !backlog.finish() { return .complete }
    }
  }

  /// Bytes of media that can be sent now.
  private func available(_ snapshot: LogSnapshot) -> Int {
    if backlog.hasFinished { return 0 }
    let available = backlog.carried + readable(snapshot.window)
    // A stopped log ends at once: after what has been begun.
    return snapshot.end == .stopped ? min(available, backlog.promised) : available
  }

  /// One `sendmsg`. Nil: go on.
  private func send(_ available: Int, _ window: LogWindow) -> Outcome? {
    let media = backlog.begin(available)
    var wanted = 0
    let sent = withUnsafeTemporaryAllocation(of: iovec.self, capacity: Self.mostSlices + 2) { slices in
      backlog.withBytes { framing, carry in
        var gathered = Slices(slices)
        gathered.add(framing.baseAddress, framing.count)
        gathered.add(carry.baseAddress, min(media, carry.count))
        gather(media - min(media, carry.count), window, into: &gathered)
        wanted = gathered.bytes
        return clinux_sendv(descriptor, slices.baseAddress, Int32(gathered.count))
      }
    }
    if sent == -Int(EAGAIN) || sent == -Int(EWOULDBLOCK) {
      block()
      return .waiting
    }
    guard sent > 0 else { return .lost }
    hasProgressed = true
    let (ofMedia, ofLog) = backlog.consume(sent)
    bytesServed &+= UInt64(ofMedia)
    if ofLog > 0 { advance(ofLog, window) }
    guard sent < wanted else { return nil }
    block()
    return .waiting
  }

  /// What one `sendmsg` is to send.
  private struct Slices {
    private let slices: UnsafeMutableBufferPointer<iovec>
    private(set) var count = 0
    private(set) var bytes = 0

    init(_ slices: UnsafeMutableBufferPointer<iovec>) { self.slices = slices }

    mutating func add(_ base: UnsafeMutableRawPointer?, _ length: Int) {
      guard length > 0, count < slices.count else { return }
      slices[count] = iovec(iov_base: base, iov_len: length)
      count += 1
      bytes += length
    }
  }

  private func gather(_ byteCount: Int, _ window: LogWindow, into slices: inout Slices) {
    guard case .at(let number, var offset, _) = position, var index = window.index(of: number) else { return }
    var remaining = byteCount
    while remaining > 0, index < window.items.count {
      let length = min(remaining, window.items[index].byteCount - offset)
      slices.add(window.items[index].chunk.bytes + offset, length)
      remaining -= max(0, length)
      index += 1
      offset = 0
    }
  }

  /// Moves the position on. A write that ended within a packet leaves the rest of that packet in the backlog.
  private func advance(_ byteCount: Int, _ window: LogWindow) {
    guard case .at(let number, var offset, _) = position, var index = window.index(of: number) else { return }
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
      backlog.carryRest(rest)
      offset += rest.count
    }
    position = .at(item.chunk.number, offset: offset, item.chunk.header.epoch)
  }

  // MARK: Position

  /// Bytes of the log from the position on, as far as one write goes: whole packets.
  private func readable(_ window: LogWindow) -> Int {
    guard case .at(let number, let offset, _) = position, var index = window.index(of: number) else { return 0 }
    var bytes = window.items[index].byteCount - offset
    var slices = 1
    while bytes < Self.largestWrite, slices < Self.mostSlices, index + 1 < window.items.count {
      guard window.items[index + 1].chunk.header.follows(window.items[index].chunk.header) else { break }
      index += 1
      slices += 1
      bytes += window.items[index].byteCount
    }
    return max(0, min(bytes, Self.largestWrite))
  }

  /// Finds the position in the window: joins, goes on to the next chunk, or skips what is gone.
  private func locate(_ window: LogWindow) {
    if case .at(let number, let offset, let epoch) = position {
      guard let loss = loss(number, offset, epoch, window) else { return }
      if loss.isSkip { hasJustSkipped = true }
      position = .waiting(isSplice: bytesServed > 0, from: loss.from)
    }
    guard case .waiting(let isSplice, let from) = position,
      let number = window.joinPosition(
        secondsBehind: isSplice ? 0 : options.startSecondsBehind, notBefore: from),
      let index = window.index(of: number)
    else { return }
    let header = window.items[index].chunk.header
    if isSplice { backlog.replace(with: Splice.preface(continuity: header.continuity)) }
    position = .at(number, offset: 0, header.epoch)
  }

  private struct Loss {
    var isSkip: Bool
    /// Where the media begin that the reader has not had.
    var from: ChunkNumber?
  }

  /// What has become of a position; nil: it is good, and moved on to the next chunk where one ended.
  private func loss(_ number: ChunkNumber, _ offset: Int, _ epoch: Epoch, _ window: LogWindow) -> Loss? {
    guard let first = window.first?.chunk.number, let last = window.last?.chunk.number else { return nil }
    if number < first { return Loss(isSkip: true) }
    guard let index = window.index(of: number) else {
      // Behind the newest chunk, as it should be; or the chunk was taken back, with those before it perhaps.
      return number > last.next || offset > 0 ? Loss(isSkip: false, from: last.next) : nil
    }
    let item = window.items[index]
    let header = item.chunk.header
    guard header.epoch == epoch || offset == 0 && hasRead(chunkBefore: index, epoch, window) else {
      return Loss(isSkip: false, from: firstOfOwner(at: index, window))
    }
    if item.isSealed, offset >= item.byteCount { position = .at(number.next, offset: 0, header.epoch) }
    return nil
  }

  /// Whether the chunk before an index is one that the reader has had, and not what another owner wrote in its place.
  private func hasRead(chunkBefore index: Int, _ epoch: Epoch, _ window: LogWindow) -> Bool {
    index > 0 && window.items[index - 1].chunk.header.epoch == epoch
  }

  /// The oldest chunk of the owner that wrote the one at an index, as far as the window reaches.
  private func firstOfOwner(at index: Int, _ window: LogWindow) -> ChunkNumber {
    let epoch = window.items[index].chunk.header.epoch
    let before = window.items[..<index].lastIndex { $0.chunk.header.epoch != epoch }
    return window.items[before.map { $0 + 1 } ?? 0].chunk.number
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
    guard !isBlocked, bytesServed > 0, backlog.isEmpty else { return false }
    backlog.append(NullPackets.make(7))
    return true
  }

  /// What the reader got since the report before.
  func takeReport(_ window: LogWindow) -> Report {
    let bytes = takeUnreported()
    guard case .at(let number, _, _) = position else {
      return Report(client: client, bytes: bytes, position: nil, lagSeconds: 0)
    }
    let lag = window.index(of: number) == nil ? 0 : window.secondsBehind(number)
    return Report(client: client, bytes: bytes, position: number, lagSeconds: lag)
  }

  /// Whether what is written here is what the client gets.
  var isDirect: Bool { served == nil }

  /// Bytes that no report has told yet; what is left at the reader's end.
  package func takeUnreported() -> UInt64 {
    let total = served?() ?? bytesServed
    defer { reported = total }
    return total &- reported
  }
}

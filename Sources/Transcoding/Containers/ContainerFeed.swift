internal import CLinux
internal import Cluster
internal import EventLoop
internal import Glibc
internal import Identifiers
package import MediaLog
internal import Observability

/// One client's body in a container of its own, made by one FFmpeg. Confined to the loop of the client's connection.
///
/// ```
///   log ──FanOutReader──▶ FFmpeg (copy) ──▶ one piece ──▶ socket       MP4, Matroska, FLV, ADTS, MP3
///   source ─────────────▶ FFmpeg (profile) ─▶ one piece ─▶ socket      WebM, Ogg
/// ```
///
/// There is no queue: while the socket takes no more, FFmpeg's output is not read, so FFmpeg stops, and the reader of
/// the log falls behind and skips as any slow viewer does.
package final class ContainerFeed {
  /// The rest of a body whose log was stopped or failed must have gone by then.
  private static let flushTime = Duration.seconds(1)
  /// Probing takes up to a second of media, and the first fragment of an MP4 half of one: a feed that begins so far back
  /// has them at once.
  private static let leadSeconds = 1.5
  private static let longestBeginning = 131_072
  private static let period = Duration.milliseconds(500)

  private let stream: StreamID
  private let client: ClientID
  private let loop: EventLoop
  private let services: StreamServices
  private let source: any MediaSource
  private let input: ContainerInput
  private var rule: ContainerRule
  /// What came before it was sure that a container begins.
  private var beginning: [UInt8] = []
  private var piece: BodyPiece
  private var feeder: LogFeeder?
  private var opened: ((Result<Void, SourceFailure>) -> Void)?
  private var closed: (() -> Void)?
  private var firstByteTimer: LoopTimer?
  private var flushTimer: LoopTimer?
  private var ticks: LoopTimer?
  /// The client's socket, once there is one.
  private var descriptor: Int32 = -1
  private var writable: DescriptorWatch?
  private var isBlocked = false
  private var hasProgressed = true
  private var stalled = Duration.zero
  private var onEnd: ((FanOutReader.End) -> Void)?
  private var killGrace: Duration
  private var bytesServed: UInt64 = 0
  private var reported: UInt64 = 0

  /// `isChunked`: the body is sent in HTTP chunks. `closed` runs once, when nothing is left of the FFmpeg.
  init(
    viewer: ClientReference, isChunked: Bool, input: ContainerInput, source: any MediaSource,
    services: StreamServices, loop: EventLoop, closed: @escaping () -> Void
  ) {
    stream = viewer.stream
    client = viewer.client
    piece = BodyPiece(isChunked: isChunked)
    self.input = input
    self.source = source
    self.services = services
    self.loop = loop
    killGrace = services.settings.killGrace
    self.closed = closed
    rule = ContainerRule(input: input.isLog ? .log : .source)
  }

  // MARK: The beginning

  /// Starts FFmpeg. `opened` runs once: with the first byte, or with why there will be none.
  func open(within limit: Duration, _ opened: @escaping (Result<Void, SourceFailure>) -> Void) {
    loop.assertInLoop()
    guard !rule.isOver else { return opened(.failure(.closed)) }
    self.opened = opened
    firstByteTimer = loop.schedule(after: limit) { [unowned self] in perform(rule.waitedLongEnough()) }
    ticks = loop.schedule(each: Self.period) { [unowned self] in tick() }
    source.open { [weak self] event in self?.take(event) }
  }

  private func take(_ event: MediaSourceEvent) {
    switch event {
    case .bytes(let bytes): append(UnsafeRawBufferPointer(bytes))
    case .process: beginFeeding()
    case .exited(let code):
      // Its input is closed after this.
      feeder?.stop()
      services.metrics.ffmpegExits.with([String(code)]).add()
      services.metrics.ffmpegEnds.add()
    case .failed(let failure): perform(rule.failed(failure))
    case .ended(let isComplete): perform(rule.ended(isComplete: isComplete))
    case .mediaInfo(_, let output):
      if !output.isEmpty, rule.accepted() { begun() }
    case .progress:
      if !beginning.isEmpty, rule.accepted() { begun() }
    case .alive: break
    }
  }

  private func beginFeeding() {
    guard case .log(let log, let secondsBehind) = input, let source = source as? FFmpegSource else { return }
    let options = FanOutReader.Options(
      isChunked: false, startSecondsBehind: max(secondsBehind, Self.leadSeconds),
      writeTimeoutSeconds: services.settings.clientWriteTimeoutSeconds)
    let reader = FanOutReader(
      client: client, descriptor: source.standardInput, options: options,
      served: { [weak self] in self?.bytesServed ?? 0 }
    ) { [weak self] end in self?.logEnded(end, log) }
    let feeder = LogFeeder(reader: reader, fanOut: log.fanOut(on: loop, services: services.metrics.fanOut))
    self.feeder = feeder
    feeder.start()
  }

  private func logEnded(_ end: FanOutReader.End, _ log: StreamLog) {
    rule.logEnded(isWhole: end == .complete)
    feeder?.stop()
    (source as? FFmpegSource)?.endInput()
    switch end {
    case .complete where log.snapshot().end == .ended: break
    case .complete, .aborted, .lost:
      flushTimer = loop.schedule(after: Self.flushTime) { [unowned self] in finish(.aborted) }
    case .writeTimeout: finish(.writeTimeout)
    }
  }

  // MARK: From FFmpeg to the socket

  private func append(_ bytes: UnsafeRawBufferPointer) {
    guard !rule.isStarting else { return begin(with: bytes) }
    piece.fill(bytes)
    write()
    if !piece.isEmpty { source.hold() }
  }

  private func begin(with bytes: UnsafeRawBufferPointer) {
    beginning += bytes
    if rule.produced() { begun() } else if beginning.count >= Self.longestBeginning { source.hold() }
  }

  private func begun() {
    firstByteTimer = nil
    beginning.withUnsafeBytes { piece.fill($0) }
    beginning = []
    source.hold()
    let opened = opened
    self.opened = nil
    opened?(.success(()))
  }

  /// The client's socket, non-blocking, the head written. `onEnd` runs once, unless `stop` comes before; then the socket
  /// is the caller's to close.
  package func start(_ descriptor: Int32, _ onEnd: @escaping (FanOutReader.End) -> Void) {
    loop.assertInLoop()
    guard !rule.isOver else { return onEnd(.aborted) }
    self.onEnd = onEnd
    self.descriptor = descriptor
    write()
    resumeIfWritten()
  }

  private func write() {
    while descriptor >= 0, !piece.isEmpty {
      let sent = send()
      if sent == -Int(EAGAIN) || sent == -Int(EWOULDBLOCK) { return block() }
      guard sent > 0 else { return finish(.lost) }
      hasProgressed = true
      let media = UInt64(piece.consume(sent))
      bytesServed &+= media
      services.metrics.fanOut.bytesOut.add(media)
    }
  }

  private func send() -> Int {
    piece.withBytes { bytes in
      var slice = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
      return clinux_sendv(descriptor, &slice, 1)
    }
  }

  private func block() {
    isBlocked = true
    if let writable { return writable.enable() }
    writable = loop.watchWritable(descriptor) { [unowned self] in
      isBlocked = false
      writable?.disable()
      write()
      resumeIfWritten()
    }
  }

  private func resumeIfWritten() {
    guard descriptor >= 0, piece.isEmpty else { return }
    guard let ending = rule.delivered() else { return source.resume() }
    finish(ending)
  }

  private func finish(_ ending: ContainerRule.Ending) {
    switch ending {
    case .complete: finish(sendEnd() ? .complete : .aborted)
    case .cut: finish(.aborted)
    }
  }

  /// The last chunk, a few bytes to a socket that has just taken all there was. Answers whether the body is whole now.
  private func sendEnd() -> Bool {
    piece.fillWithEnd()
    return piece.isEmpty || send() == piece.count
  }

  // MARK: The end

  private func perform(_ action: ContainerRule.EndAction) {
    switch action {
    case .doNothing: break
    case .fail(let failure):
      services.logger.warning(
        "a client's FFmpeg failed", ["stream.id": stream.text, "reason": Masking.mask(text: failure.reason)])
      let opened = opened
      release()
      opened?(.failure(failure))
    case .finish: resumeIfWritten()
    }
  }

  private func finish(_ end: FanOutReader.End) {
    _ = rule.stop()
    let (opened, onEnd) = (opened, onEnd)
    release()
    opened?(.failure(.closed))
    onEnd?(end)
  }

  /// Ends it from our side. A body that stands between two pieces gets its end; the socket is the caller's to close.
  package func stop() {
    loop.assertInLoop()
    guard !rule.isOver else { return }
    if descriptor >= 0, piece.isEmpty { _ = sendEnd() }
    onEnd = nil
    finish(.aborted)
  }

  /// The worker stops. What is fed by a log ends with it; what has a source of its own ends now.
  func drain(killGrace: Duration) {
    self.killGrace = min(self.killGrace, killGrace)
    if !input.isLog, !rule.isOver { finish(.aborted) }
  }

  private func release() {
    (firstByteTimer, flushTimer, ticks) = (nil, nil, nil)
    (opened, onEnd) = (nil, nil)
    writable?.cancel()
    writable = nil
    descriptor = -1
    feeder?.stop()
    let closed = closed
    self.closed = nil
    guard let closed else { return }
    source.close(grace: killGrace, closed)
  }

  // MARK: Twice a second

  private func tick() {
    stalled = isBlocked && !hasProgressed ? stalled + Self.period : .zero
    hasProgressed = false
    if stalled >= .seconds(services.settings.clientWriteTimeoutSeconds) {
      services.metrics.fanOut.writeTimeouts.add()
      return finish(.writeTimeout)
    }
    // Where a fan-out reads for it, that reports.
    guard feeder?.isReading != true else { return }
    services.metrics.fanOut.report(stream, [FanOutReader.Report(client: client, bytes: takeUnreported())])
  }

  /// Bytes that the client got and no report has told yet.
  package func takeUnreported() -> UInt64 {
    if let feeder { return feeder.reader.takeUnreported() }
    defer { reported = bytesServed }
    return bytesServed &- reported
  }
}

internal import Cluster
internal import EventLoop
internal import Identifiers
package import MediaLog
internal import Observability

/// One client's body in a container of its own, made by one FFmpeg. Confined to the loop of the client's connection.
///
/// ```
///   log ──LogFeeder──▶ FFmpeg (copies) ────────▶ PieceSender ──▶ socket      MP4, Matroska, FLV, ADTS, MP3
///   source ──────────▶ FFmpeg (the profile) ───▶ PieceSender ──▶ socket      WebM, Ogg
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
  /// Bytes that are kept at most until it is sure that a container begins.
  private static let longestBeginning = 131_072
  private static let period = Duration.milliseconds(500)

  private let stream: StreamID
  private let client: ClientID
  private let loop: EventLoop
  private let services: StreamServices
  private let source: any MediaSource
  private let input: ContainerInput
  private var rule: ContainerRule
  /// What came before the client's socket.
  private var beginning: [UInt8] = []
  /// Nil until the client's socket is there, and after the end.
  private var sender: PieceSender?
  private var feeder: LogFeeder?
  private var opened: ((Result<Void, SourceFailure>) -> Void)?
  private var closed: (() -> Void)?
  private var firstByteTimer: LoopTimer?
  private var flushTimer: LoopTimer?
  private var ticks: LoopTimer?
  private var onEnd: ((FanOutReader.End) -> Void)?
  private var killGrace: Duration
  /// Bytes that the client has had.
  private var bytesServed: UInt64 = 0
  private var reported: UInt64 = 0

  /// `closed` runs once, when nothing is left of the FFmpeg.
  init(
    viewer: ClientReference, input: ContainerInput, source: any MediaSource, services: StreamServices,
    loop: EventLoop, closed: @escaping () -> Void
  ) {
    stream = viewer.stream
    client = viewer.client
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
    guard let sender else { return }
    went(sender.send(bytes))
  }

  private func begin(with bytes: UnsafeRawBufferPointer) {
    beginning += bytes
    if rule.produced() { begun() } else if beginning.count >= Self.longestBeginning { source.hold() }
  }

  private func begun() {
    firstByteTimer = nil
    source.hold()
    let opened = opened
    self.opened = nil
    opened?(.success(()))
  }

  /// The client's socket, non-blocking, the head written; `isChunked`: the body is sent in HTTP chunks. `onEnd` runs once,
  /// unless `stop` comes before; then the socket is the caller's to close.
  package func start(_ descriptor: Int32, isChunked: Bool, _ onEnd: @escaping (FanOutReader.End) -> Void) {
    loop.assertInLoop()
    guard !rule.isOver else { return onEnd(.aborted) }
    self.onEnd = onEnd
    let sender = PieceSender(descriptor: descriptor, isChunked: isChunked, loop: loop) { [unowned self] in went($0) }
    self.sender = sender
    let outcome = beginning.withUnsafeBytes { sender.send($0) }
    beginning = []
    went(outcome)
  }

  private func went(_ outcome: PieceSender.Outcome) {
    countSent()
    switch outcome {
    case .sent: goOn()
    case .blocked: source.hold()
    case .lost: finish(.lost)
    }
  }

  private func countSent() {
    guard let sender else { return }
    services.metrics.fanOut.bytesOut.add(sender.bytesSent &- bytesServed)
    bytesServed = sender.bytesSent
  }

  /// The client has all there was.
  private func goOn() {
    guard let sender, !sender.isBlocked else { return }
    switch rule.delivered() {
    case .complete: finish(sender.sendEnd() ? .complete : .aborted)
    case .cut: finish(.aborted)
    case nil: source.resume()
    }
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
    case .finish: goOn()
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
    _ = sender?.sendEnd()
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
    countSent()
    sender?.stop()
    sender = nil
    feeder?.stop()
    let closed = closed
    self.closed = nil
    guard let closed else { return }
    source.close(grace: killGrace, closed)
  }

  // MARK: Twice a second

  private func tick() {
    let stalled = sender?.stall(after: Self.period) ?? .zero
    guard stalled < .seconds(services.settings.clientWriteTimeoutSeconds) else {
      services.metrics.fanOut.writeTimeouts.add()
      return finish(.writeTimeout)
    }
    countSent()
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

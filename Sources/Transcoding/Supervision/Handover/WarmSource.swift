internal import EventLoop
internal import MediaLog
internal import TransportStream

/// A source that is opened while another worker still runs the stream: once it can go on with that one's log, the stream
/// can change hands without a gap (design.md §6, SIGTERM). The shell of `HandoverRule`. Confined to its loop.
///
/// ```
///   keeping what it sends ──ready──▶ (claimed) ──open──▶ passes its events on
///      └──────failed, too much──▶ over ◀──close──┘
/// ```
final class WarmSource: MediaSource {
  private enum State {
    case keeping
    case passing((MediaSourceEvent) -> Void)
    case over
  }

  /// Who has claimed the stream.
  private struct Owner {
    let tail: PacketTrace?
    let begin: (_ goesOn: Bool) -> Void
    let handler: (MediaSourceEvent) -> Void
  }

  private static let interval = Duration.milliseconds(50)

  let planner: SourcePlanner
  private let source: any MediaSource
  private let log: StreamLog
  private let loop: EventLoop
  private var state = State.keeping
  private var rule: HandoverRule
  private var onReady: ((Bool) -> Void)?
  private var aligner = PacketAligner()
  private var kept = KeptMedia()
  private var events: [MediaSourceEvent] = []
  private var looks: LoopTimer?
  private var owner: Owner?

  /// Whether it can take the stream over, and nobody has it yet.
  var isReady: Bool { rule.isReady }

  /// `log`: what the present owner commits comes into it.
  init(planner: SourcePlanner, log: StreamLog, on loop: EventLoop) {
    (self.planner, self.log, self.loop) = (planner, log, loop)
    source = planner.source(on: loop, continuingAt: nil)
    rule = HandoverRule(seeksEnd: !planner.isFFmpeg)
  }

  /// Begins. `onReady` runs once: true when it can take the stream over, false when it fails before.
  func warmUp(_ onReady: @escaping (Bool) -> Void) {
    self.onReady = onReady
    looks = loop.schedule(each: Self.interval) { [unowned self] in look() }
    source.open { [weak self] event in self?.take(event) }
  }

  // MARK: As the new owner's source

  /// `tail`: the end of the owner's log, nil where it cannot be gone on with. `begin` runs before the first bytes: true, if
  /// they are what comes behind the log's end.
  func open(
    behind tail: PacketTrace?, begin: @escaping (_ goesOn: Bool) -> Void,
    _ handler: @escaping (MediaSourceEvent) -> Void
  ) {
    owner = Owner(tail: tail, begin: begin, handler: handler)
    rule.open(now: .now)
    kept.pin()
    looks = loop.schedule(after: .zero) { [unowned self] in
      looks = loop.schedule(each: Self.interval) { [unowned self] in look() }
      look()
    }
  }

  func open(_ handler: @escaping (MediaSourceEvent) -> Void) { open(behind: nil, begin: { _ in }, handler) }

  func hold() { source.hold() }

  func resume() { source.resume() }

  func close(grace: Duration, _ closed: @escaping () -> Void) {
    state = .over
    rule.close()
    (onReady, owner, looks, events) = (nil, nil, nil, [])
    kept = KeptMedia()
    source.close(grace: grace, closed)
  }

  // MARK: Events

  private func take(_ event: MediaSourceEvent) {
    switch state {
    case .over: return
    case .passing(let handler): return pass(event, handler)
    case .keeping: break
    }
    switch event {
    case .bytes(let bytes): keep(bytes)
    case .process, .mediaInfo: events.append(event)
    case .alive, .progress: break
    case .failed, .ended, .exited: fail(event)
    }
  }

  private func keep(_ bytes: UnsafeMutableRawBufferPointer) {
    var hasRoom = true
    aligner.push(bytes) { run in hasRoom = kept.keep(run) && hasRoom }
    if !hasRoom { return fail(.failed(.notMedia("no random access point is in sight"))) }
    if planner.isFFmpeg { look() }
  }

  /// Packets go on from where those that were kept end.
  private func pass(_ event: MediaSourceEvent, _ handler: (MediaSourceEvent) -> Void) {
    switch event {
    case .bytes(let bytes): aligner.push(bytes) { handler(.bytes($0)) }
    case .failed, .ended:
      aligner.finish { handler(.bytes($0)) }
      handler(event)
    case .alive, .process, .exited, .progress, .mediaInfo: handler(event)
    }
  }

  private func look() {
    let end = (owner.map { $0.tail } ?? log.snapshot().window.trace).flatMap { kept.end(of: $0) }
    switch rule.look(hasPoint: kept.hasPoint, hasEnd: end != nil, now: .now) {
    case .nothing: break
    case .ready:
      looks = nil
      let onReady = onReady
      self.onReady = nil
      onReady?(true)
    case .goOn: hand(from: end)
    case .beginAtPoint: hand(from: nil)
    }
  }

  /// `end`: where the log goes on; nil: it begins anew.
  private func hand(from end: Int?) {
    guard let owner else { return }
    (looks, self.owner) = (nil, nil)
    state = .passing(owner.handler)
    var bytes = kept.bytes(from: end ?? kept.start)
    kept = KeptMedia()
    owner.begin(end != nil)
    for event in events { owner.handler(event) }
    events = []
    bytes.withUnsafeMutableBytes { owner.handler(.bytes($0)) }
  }

  private func fail(_ event: MediaSourceEvent) {
    if let owner {
      (looks, self.owner) = (nil, nil)
      state = .passing(owner.handler)
      owner.begin(false)
      return owner.handler(event)
    }
    let onReady = onReady
    close(grace: .seconds(1)) {}
    onReady?(false)
  }
}

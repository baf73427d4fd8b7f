internal import EventLoop
internal import MediaLog
internal import TransportStream

/// A source that is opened while another worker still runs the stream: once it has a random access point, the stream can
/// change hands without a gap (design.md §6, SIGTERM). Confined to its loop.
///
/// ```
///   warming ──random access point──▶ ready ──open──▶ passes its events on
///      └──────failed, too much──▶ over ◀──close──┘
/// ```
final class WarmSource: MediaSource {
  private enum State {
    case warming
    case ready
    case passing((MediaSourceEvent) -> Void)
    case over
  }

  /// Bytes that are kept for the new owner's log.
  private static let mostBytes = 32 << 20

  let planner: SourcePlanner
  private let source: any MediaSource
  private let loop: EventLoop
  private var state = State.warming
  private var onReady: ((Bool) -> Void)?
  private var aligner = PacketAligner()
  private var normalizer = StreamNormalizer()
  private var bytes: [UInt8] = []
  /// Where in `bytes` the reads began that brought the last two random access points.
  private var points: [Int] = []
  private var events: [MediaSourceEvent] = []
  private var handing: LoopTimer?

  /// Whether it has a random access point, and nobody has it yet.
  var isReady: Bool {
    if case .ready = state { true } else { false }
  }

  init(planner: SourcePlanner, on loop: EventLoop) {
    self.planner = planner
    self.loop = loop
    source = planner.source(on: loop, continuingAt: nil)
  }

  /// Begins. `onReady` runs once: true when it has a random access point, false when it fails before.
  func warmUp(_ onReady: @escaping (Bool) -> Void) {
    self.onReady = onReady
    source.open { [weak self] event in self?.take(event) }
  }

  // MARK: As the new owner's source

  /// What is kept comes first, then the rest as it comes.
  func open(_ handler: @escaping (MediaSourceEvent) -> Void) {
    handing = loop.schedule(after: .zero) { [unowned self] in
      guard case .ready = state else { return }
      state = .passing(handler)
      for event in events { handler(event) }
      bytes.withUnsafeMutableBytes { handler(.bytes($0)) }
      (bytes, events) = ([], [])
    }
  }

  func hold() { source.hold() }

  func resume() { source.resume() }

  func close(grace: Duration, _ closed: @escaping () -> Void) {
    state = .over
    (onReady, handing, bytes, events) = (nil, nil, [], [])
    source.close(grace: grace, closed)
  }

  // MARK: Warming

  private func take(_ event: MediaSourceEvent) {
    switch state {
    case .over: return
    case .passing(let handler): return handler(event)
    case .warming, .ready: break
    }
    switch event {
    case .bytes(let bytes): keep(bytes)
    case .process, .mediaInfo: events.append(event)
    case .alive, .progress: break
    case .failed, .ended, .exited: fail()
    }
  }

  private func keep(_ new: UnsafeMutableRawBufferPointer) {
    let start = bytes.count
    bytes.append(contentsOf: new)
    var hasPoint = false
    aligner.push(new) { run in
      normalizer.push(run) { event in
        if case .mark(let mark) = event, mark.hasTables { hasPoint = true }
      }
    }
    guard hasPoint else { return bytes.count > Self.mostBytes ? fail() : () }
    points.append(start)
    // The tables before a point may have come a read earlier: what is kept begins with the point before the last.
    if points.count > 2 {
      bytes.removeFirst(points[points.count - 2])
      points = [0, start - points[points.count - 2]]
    }
    guard case .warming = state else { return }
    state = .ready
    let onReady = onReady
    self.onReady = nil
    onReady?(true)
  }

  private func fail() {
    let onReady = onReady
    close(grace: .seconds(1)) {}
    onReady?(false)
  }
}

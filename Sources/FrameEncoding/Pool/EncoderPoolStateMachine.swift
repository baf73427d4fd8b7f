/// Which encoder does what: a queue, oldest request first, and so many places for processes, each with one request at
/// most.
///
/// ```
///   place:  empty ──▶ starting ──▶ busy ⇄ idle
///             ▲          │          │      │
///             └──────────┴──────▶ ending ◀─┘
/// ```
struct EncoderPoolStateMachine {
  typealias Request = Int

  struct Limits: Equatable {
    var places: Int
    var requestsAProcess: Int
    var queue: Int
  }

  enum Action: Equatable {
    /// Start a process, and its request's clock; then `started` or `startFailed`.
    case start(place: Int, Request)
    /// Send the request to the process that was just started; its clock runs.
    case send(place: Int, Request)
    /// Send the request to a process that was idle, and start its clock.
    case give(place: Int, Request)
    /// Stop the clock of the request and tell its outcome.
    case finish(place: Int, Request, Ending)
    /// SIGKILL; then `exited`.
    case kill(place: Int)
    /// Tell that it was not begun.
    case refuse(Request, Refusal)
  }

  enum Ending: Equatable {
    case answered, crashed, timedOut, startFailed, stopped
  }

  enum Refusal: Equatable {
    case full, stopped
  }

  private enum Place: Equatable {
    /// → starting
    case empty
    /// → busy; empty, if it could not be started; ending, at the deadline or the pool's stop
    case starting(Request)
    /// `done`: requests before this one. → idle, busy, empty (it crashed), ending
    case busy(Request, done: Int)
    /// → busy, ending, empty (it ended by itself)
    case idle(done: Int)
    /// SIGKILL is sent, or will be when it has started. → empty
    case ending(isStarted: Bool)
  }

  private let limits: Limits
  private var places: [Place]
  private var queue = WaitingRequests()
  private var isStopped = false
  private(set) var restarts: [EncoderRestart: Int] = [:]

  init(limits: Limits) {
    self.limits = limits
    places = Array(repeating: .empty, count: limits.places)
  }

  var waiting: Int { queue.count }

  var running: Int {
    places.count {
      switch $0 {
      case .starting, .busy: true
      case .empty, .idle, .ending: false
      }
    }
  }

  var processes: Int { places.count { $0 != .empty } }

  /// `fresh`: a process that has done nothing before shall do it.
  mutating func submitted(_ request: Request, fresh: Bool) -> [Action] {
    guard !isStopped else { return [.refuse(request, .stopped)] }
    guard waiting < limits.queue else { return [.refuse(request, .full)] }
    queue.append(.init(request: request, fresh: fresh))
    return assign()
  }

  mutating func started(place: Int) -> [Action] {
    switch places[place] {
    case .starting(let request):
      places[place] = .busy(request, done: 0)
      return [.send(place: place, request)]
    case .ending:
      places[place] = .ending(isStarted: true)
      return [.kill(place: place)]
    case .empty, .busy, .idle:
      return []
    }
  }

  mutating func startFailed(place: Int) -> [Action] {
    switch places[place] {
    case .starting(let request):
      places[place] = .empty
      return [.finish(place: place, request, .startFailed)] + assign()
    case .ending:
      places[place] = .empty
      return assign()
    case .empty, .busy, .idle:
      return []
    }
  }

  /// A whole answer has come.
  mutating func answered(place: Int) -> [Action] {
    switch places[place] {
    case .busy(let request, let done):
      places[place] = .idle(done: done + 1)
      let retired = done + 1 >= limits.requestsAProcess ? end(place, .age) : []
      return [.finish(place: place, request, .answered)] + retired + assign()
    case .idle:
      return end(place, .crash)  // It says something that nobody asked for.
    case .empty, .starting, .ending:
      return []
    }
  }

  /// What it says is no answer: as good as a crash.
  mutating func brokeProtocol(place: Int) -> [Action] {
    switch places[place] {
    case .busy(let request, _): [.finish(place: place, request, .crashed)] + end(place, .crash)
    case .idle: end(place, .crash)
    case .empty, .starting, .ending: []
    }
  }

  /// The clock of `request` has run out. A stale one does nothing.
  mutating func deadlinePassed(place: Int, _ request: Request) -> [Action] {
    switch places[place] {
    case .busy(request, _):
      return [.finish(place: place, request, .timedOut)] + end(place, .timeout)
    case .starting(request):
      restarts[.timeout, default: 0] += 1
      places[place] = .ending(isStarted: false)
      return [.finish(place: place, request, .timedOut)]
    case .busy, .starting, .empty, .idle, .ending:
      return []
    }
  }

  mutating func exited(place: Int) -> [Action] {
    switch places[place] {
    case .busy(let request, _):
      places[place] = .empty
      restarts[.crash, default: 0] += 1
      return [.finish(place: place, request, .crashed)] + assign()
    case .idle:
      places[place] = .empty
      restarts[.crash, default: 0] += 1
      return assign()
    case .ending, .starting:
      places[place] = .empty
      return assign()
    case .empty:
      return []
    }
  }

  /// Ends everything; what is submitted later is refused.
  mutating func stop() -> [Action] {
    guard !isStopped else { return [] }
    isStopped = true
    var actions: [Action] = queue.removeAll().map { .refuse($0.request, .stopped) }
    for place in places.indices {
      switch places[place] {
      case .busy(let request, _):
        places[place] = .ending(isStarted: true)
        actions += [.finish(place: place, request, .stopped), .kill(place: place)]
      case .starting(let request):
        places[place] = .ending(isStarted: false)
        actions.append(.finish(place: place, request, .stopped))
      case .idle:
        places[place] = .ending(isStarted: true)
        actions.append(.kill(place: place))
      case .empty, .ending: break
      }
    }
    return actions
  }
}

extension EncoderPoolStateMachine {
  private mutating func end(_ place: Int, _ reason: EncoderRestart) -> [Action] {
    places[place] = .ending(isStarted: true)
    restarts[reason, default: 0] += 1
    return [.kill(place: place)]
  }

  /// Gives waiting requests to idle processes, then to new ones, in order. Those behind one that waits for the place of a
  /// fresh process have the idle ones meanwhile.
  private mutating func assign() -> [Action] {
    var actions: [Action] = []
    while let action = assignOldest() ?? assignBehind() { actions.append(action) }
    return actions
  }

  private mutating func assignOldest() -> Action? {
    guard let oldest = queue.oldest else { return nil }
    if !oldest.fresh, let (place, done) = idlePlace {
      queue.removeOldest()
      return give(oldest.request, place, done)
    }
    if let place = places.firstIndex(of: .empty) {
      queue.removeOldest()
      places[place] = .starting(oldest.request)
      return .start(place: place, oldest.request)
    }
    // A place for a fresh process: one idle one goes, and its exit comes back here.
    guard oldest.fresh, !isPlaceOnItsWay, let (place, _) = idlePlace else { return nil }
    return end(place, .fresh).first
  }

  private mutating func assignBehind() -> Action? {
    guard queue.oldest?.fresh == true, isPlaceOnItsWay, let (place, done) = idlePlace,
      let request = queue.removeOldestOrdinary()
    else { return nil }
    return give(request, place, done)
  }

  private mutating func give(_ request: Request, _ place: Int, _ done: Int) -> Action {
    places[place] = .busy(request, done: done)
    return .give(place: place, request)
  }

  private var isPlaceOnItsWay: Bool {
    places.contains {
      switch $0 {
      case .ending: true
      case .empty, .starting, .busy, .idle: false
      }
    }
  }

  private var idlePlace: (place: Int, done: Int)? {
    for (place, state) in places.enumerated() {
      if case .idle(let done) = state { return (place, done) }
    }
    return nil
  }
}

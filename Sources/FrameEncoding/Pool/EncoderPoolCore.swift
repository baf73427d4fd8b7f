internal import ChildProcess
internal import EventLoop

/// Does what the pool's state machine says. Confined to its loop.
final class EncoderPoolCore {
  private struct Pending {
    let message: [UInt8]
    let completion: @Sendable (EncoderOutcome) -> Void
  }

  private let settings: EncoderPoolSettings
  private let spawner: ChildSpawner
  private let loop: EventLoop
  private var machine: EncoderPoolStateMachine
  private var pending: [EncoderPoolStateMachine.Request: Pending] = [:]
  private var nextRequest = 0
  private var connections: [Int: EncoderConnection] = [:]
  private var timers: [Int: LoopTimer] = [:]
  /// What the event that is being dealt with says: an answer, or how its process ended.
  private var heard: EncoderOutcome?
  private var whenEmpty: [() -> Void] = []

  init(_ settings: EncoderPoolSettings, spawner: ChildSpawner, loop: EventLoop) {
    self.settings = settings
    self.spawner = spawner
    self.loop = loop
    machine = EncoderPoolStateMachine(
      limits: .init(
        places: settings.processes, requestsAProcess: settings.requestsAProcess, queue: settings.queueLimit))
  }

  var status: EncoderPoolStatus {
    EncoderPoolStatus(
      waiting: machine.waiting, running: machine.running, processes: machine.processes,
      processIDs: connections.values.map(\.processID).sorted(), restarts: machine.restarts)
  }

  func submit(
    _ request: EncoderRequest, fresh: Bool, _ completion: @escaping @Sendable (EncoderOutcome) -> Void
  ) {
    guard let message = MessageFramer.frame(request.wire) else {
      return completion(.failed(EncodeFailure(.request, "the request is over \(MessageFramer.maxBytes) bytes")))
    }
    nextRequest += 1
    pending[nextRequest] = Pending(message: message, completion: completion)
    perform(machine.submitted(nextRequest, fresh: fresh))
  }

  func stop(_ done: @escaping () -> Void) {
    whenEmpty.append(done)
    perform(machine.stop())
  }

  private func perform(_ actions: [EncoderPoolStateMachine.Action]) {
    for action in actions {
      switch action {
      case .start(let place, let request):
        startClock(place, request)
        start(place)
      case .send(let place, let request): send(place, request)
      case .give(let place, let request):
        startClock(place, request)
        send(place, request)
      case .finish(let place, let request, let ending):
        timers[place] = nil
        finish(request, outcome(of: ending))
      case .kill(let place): connections[place]?.kill()
      case .refuse(let request, .full): finish(request, .notStarted(detail: "too many requests wait for an encoder"))
      case .refuse(let request, .stopped): finish(request, .stopped)
      }
    }
    if machine.processes == 0, !whenEmpty.isEmpty {
      let waiters = whenEmpty
      whenEmpty = []
      for waiter in waiters { waiter() }
    }
  }

  private func outcome(of ending: EncoderPoolStateMachine.Ending) -> EncoderOutcome {
    switch ending {
    case .answered, .crashed, .startFailed: heard ?? .crashed(detail: "it ended")
    case .timedOut: .timedOut
    case .stopped: .stopped
    }
  }

  private func finish(_ request: EncoderPoolStateMachine.Request, _ outcome: EncoderOutcome) {
    pending.removeValue(forKey: request)?.completion(outcome)
  }

  private func startClock(_ place: Int, _ request: EncoderPoolStateMachine.Request) {
    timers[place] = loop.schedule(after: settings.timeout) { [unowned self] in
      perform(machine.deadlinePassed(place: place, request))
    }
  }

  private func send(_ place: Int, _ request: EncoderPoolStateMachine.Request) {
    guard let message = pending[request]?.message else { return }
    connections[place]?.send(message)
  }

  private func start(_ place: Int) {
    let request = ChildRequest(
      executable: settings.executable, environment: settings.environment, hasStandardInput: true,
      outputPipeBytes: 4096, tailLimit: TailLimit(lines: 10, bytes: 4096))
    let bound = LoopBound(self, loop: loop)
    spawner.spawn(request, home: loop) { result in bound.value.spawned(place, result) }
  }

  private func spawned(_ place: Int, _ result: Result<ChildProcess, SpawnError>) {
    switch result {
    case .success(let child):
      connections[place] = EncoderConnection(
        child, onAnswer: { [unowned self] in answered(place, $0) }, onExit: { [unowned self] in exited(place, $0) })
      perform(machine.started(place: place))
    case .failure(let error): hear(.notStarted(detail: "\(error)")) { $0.startFailed(place: place) }
    }
  }

  private func answered(_ place: Int, _ answer: Result<EncoderAnswer, WireError>) {
    switch answer {
    case .success(.success(let report)): hear(.finished(report)) { $0.answered(place: place) }
    case .success(.failure(let failure)): hear(.failed(failure)) { $0.answered(place: place) }
    case .failure(let error):
      hear(.crashed(detail: "what it said is no answer: \(error)")) { $0.brokeProtocol(place: place) }
    }
  }

  private func exited(_ place: Int, _ detail: String) {
    connections[place] = nil
    hear(.crashed(detail: detail)) { $0.exited(place: place) }
  }

  private func hear(
    _ outcome: EncoderOutcome, _ event: (inout EncoderPoolStateMachine) -> [EncoderPoolStateMachine.Action]
  ) {
    heard = outcome
    perform(event(&machine))
    heard = nil
  }
}

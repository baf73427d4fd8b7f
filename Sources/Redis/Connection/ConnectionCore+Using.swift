internal import EventLoop
internal import Observability

/// Commands and their replies, and what time does to them.
extension ConnectionCore {
  func submit(_ commands: [RedisCommand], _ waiter: PendingReplies, timeout: Duration?) {
    loop.assertInLoop()
    guard !waiter.isSettled else { return }
    if case .disconnected(let reason) = status.current { return fail(waiter, .unavailable(reason)) }
    guard let channel, machine.isReady else { return fail(waiter, .unavailable("not connected")) }
    let bytes = commands.reduce(channel.unsentBytes) { $0 + $1.wireCount }
    guard bytes <= limits.unsentBytes, queue.outstanding + commands.count <= limits.commandsInFlight else {
      return fail(waiter, .unavailable("too much is in flight (\(queue.outstanding) commands, \(bytes) bytes)"))
    }
    let deadline = ContinuousClock.now + (timeout ?? configuration.commandTimeout)
    queue.append(waiter, replies: commands.count, deadline: deadline)
    channel.send(commands)
    metrics.commands.add(UInt64(commands.count))
    watch(until: deadline)
  }

  func fail(_ waiter: PendingReplies, _ error: RedisError) {
    metrics.count(error)
    waiter.give(.failure(error))
  }

  func received(_ reply: RedisValue) {
    switch queue.received(reply) {
    case .wait: break
    case .refuse: failed(.protocolError("a reply that nothing asked for"))
    case .complete(let waiter, let replies): complete(waiter, replies)
    }
  }

  private func complete(_ waiter: PendingReplies, _ replies: [RedisValue]) {
    metrics.seconds.observe(waiter.begin.duration(to: lastReceived) / .seconds(1))
    var isReadOnly = false
    for case .error(let error) in replies {
      metrics.count(.server(error))
      isReadOnly = isReadOnly || error.code == "READONLY"
    }
    waiter.give(.success(replies))
    if isReadOnly, case .sentinel = configuration.target { failed(.unavailable("the server is no master any more")) }
  }

  /// One timer for whatever is due first.
  func watch(until due: ContinuousClock.Instant) {
    if let watchDue, watchDue <= due { return }
    watchDue = due
    // Not more than a hundred times a second, however the deadlines lie.
    let delay = max(ContinuousClock.now.duration(to: due), .milliseconds(10))
    watchTimer = loop.schedule(after: delay) { [unowned self] in checkTime() }
  }

  private func checkTime() {
    watchDue = nil
    let now = ContinuousClock.now
    for waiter in queue.expire(now: now) {
      fail(waiter, .timedOut("\(address.map { "\($0): " } ?? "")no reply in time"))
    }
    let silence = lastReceived.duration(to: now)
    var due = now + configuration.keepAlive
    if queue.isOverdue(now: now) {
      guard silence < configuration.silenceLimit else {
        return failed(.unavailable("the server has said nothing for \(configuration.silenceLimit)"))
      }
      askSentinels()
      due = min(due, lastReceived + configuration.silenceLimit)
    } else if queue.isEmpty {
      if silence >= configuration.keepAlive {
        submit([RedisCommand("PING", [])], PendingReplies(), timeout: nil)
      } else {
        due = lastReceived + configuration.keepAlive
      }
    }
    watch(until: min(due, queue.nextDeadline ?? due))
  }
}

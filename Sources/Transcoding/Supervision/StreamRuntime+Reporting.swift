internal import Cluster
internal import EventLoop
internal import MediaLog

/// What the coordinator is told and asked, once a second and where it matters at once. On the home loop.
extension StreamRuntime {
  var phaseWord: StreamUpdate.Phase {
    if rule.isRunning { return .running }
    return rule.hasHadMedia ? .holding : .starting
  }

  func note(_ change: (inout StreamUpdate) -> Void) {
    change(&update)
    hasUpdate = true
  }

  func takeUpdate() -> StreamUpdate? {
    guard hasUpdate else { return nil }
    hasUpdate = false
    report.apply(update)
    defer { update = StreamUpdate() }
    return update
  }

  func sendUpdate() {
    guard let update = takeUpdate() else { return }
    Task { [services, id, claim, home] in
      guard case .fenced(let fence)? = try? await services.coordinator.update(id, epoch: claim.epoch, update) else {
        return
      }
      home.execute { [self] in fenced(fence) }
    }
  }

  /// While the stream is being put back an answer may be of before.
  func fenced(_ fence: FencedResult.Fence) {
    guard !isAsserting else { return }
    switch fence {
    case .stopping: finish(.stopped, .release(.stopped(.lastClientDisconnected)))
    case .superseded where fence.isOlder(than: claim.epoch): assertAgain()
    case .superseded(by: let owner?) where owner.worker != services.coordinator.worker: supersede()
    case .superseded: finish(.stopped, .doNothing)
    case .unknown: assertAgain()
    }
  }

  /// The store gives the stream to another, or to nobody. What runs here ends, its viewers wait for the next owner.
  func outbid(_ fence: FencedResult.Fence) {
    switch fence {
    case .stopping: finish(.stopped, .release(.stopped(.lastClientDisconnected)))
    case .superseded, .unknown: supersede()
    }
  }

  /// What puts the stream back into a store that has lost it.
  var owned: OwnedStream {
    OwnedStream(
      registration: claim.registration, revision: claim.revision, epoch: claim.epoch, phase: phaseWord, report: report)
  }

  /// A deleted stream is known until its owner has released it: one that is unknown, or an older owner's, has been lost.
  private func assertAgain() {
    guard !isAsserting else { return }
    isAsserting = true
    Task { [weak self, services, owned, home] in
      let answer = try? await services.coordinator.reassert([owned])[owned.registration.id]
      home.execute { [weak self] in
        guard let self else { return }
        self.isAsserting = false
        guard !self.isOver, case .fenced(let fence)? = answer else { return }
        self.outbid(fence)
      }
    }
  }

  /// The store has refused a chunk; the coordinator knows why, as a rule.
  func askWhyFenced() {
    guard !isOver else { return }
    guard fencedWithoutReason < Self.mostFencedWithoutReason else {
      logger.error("the log is another owner's, the stream is not: it is given up, and claimed anew if it has viewers")
      return supersede(.release(.stopped(.shutdown)))
    }
    services.metrics.commitsFenced.add()
    Task { [weak self, services, id, claim, home] in
      let answer = try? await services.coordinator.update(id, epoch: claim.epoch, StreamUpdate())
      home.execute { [weak self] in
        guard let self, !self.isOver else { return }
        if case .fenced(let fence)? = answer { return self.fenced(fence) }
        if answer == .accepted { self.fencedWithoutReason += 1 }
        self.whyFenced = self.home.schedule(after: .milliseconds(250)) { [weak self] in self?.askWhyFenced() }
      }
    }
  }

  /// Asks whether the last client has left for long enough. The store decides, in one step.
  func checkIdle() {
    guard idleCheck == nil else { return }
    Task { [services, id, claim, home] in
      let answer = try? await services.coordinator.stopIfIdle(
        id, epoch: claim.epoch, grace: services.settings.idleGrace)
      home.execute { [self] in idleAnswer(answer) }
    }
  }

  func idleAnswer(_ answer: StopResult?) {
    guard !isOver else { return }
    switch answer {
    case .stop: finish(.stopped, .release(.stopped(isLingering ? .sourceEnded : .lastClientDisconnected)))
    case .keep(clients: 0, let remaining) where remaining < .seconds(1):
      idleCheck = home.schedule(after: remaining + .milliseconds(10)) { [unowned self] in
        idleCheck = nil
        if !isOver { checkIdle() }
      }
    case .keep, nil: break
    case .fenced(let fence): fenced(fence)
    }
  }
}

internal import Cluster
internal import EventLoop
internal import MediaLog
internal import Observability

/// From the source's events to the log, and what becomes of a source that is lost. On the home loop.
extension StreamRuntime {
  func open(_ attempt: SupervisionRule.Attempt, url: Int) {
    self.attempt = attempt
    if rule.restarts > 0 { services.metrics.sourceRetries.add() }
    writer.beginRun(joins: planner.isFFmpeg)
    isHeld = false
    setLimits()
    let source = planner.source(on: home, continuingAt: writer.mediaEnd)
    self.source = source
    note { $0.phase = phaseWord }
    source.open { [weak self] event in self?.take(event, attempt) }
  }

  /// A source that was opened before the stream changed hands.
  func adopt(_ warm: WarmSource, _ attempt: SupervisionRule.Attempt) {
    self.attempt = attempt
    planner = warm.planner
    isHeld = false
    setLimits()
    note { $0.phase = phaseWord }
    source = warm
    let tail = planner.isFFmpeg ? nil : writer.continueRun()
    warm.open(behind: tail, begin: { [weak self] in self?.begin(attempt, goesOn: $0) }) { [weak self] event in
      self?.take(event, attempt)
    }
  }

  private func begin(_ attempt: SupervisionRule.Attempt, goesOn: Bool) {
    guard attempt == self.attempt else { return }
    logger.info("the source was open already", ["stream.joint": goesOn ? "exact" : "splice"])
    if !goesOn { writer.beginRun(joins: planner.isFFmpeg) }
  }

  /// What this kind of source may take, and how slow it may be.
  func setLimits() {
    let settings = services.settings.supervision
    rule.stall = planner.readsPlaylist ? max(settings.stall, Self.playlistStall) : settings.stall
    rule.window = planner.readsPlaylist ? max(settings.window, settings.longestOpening) : settings.window
    guard let least = services.settings.bitrate, least.minimumBytesPerSecond > 0 else { return }
    bitrate = BitrateRule(
      least, measure: planner.isTranscode ? .mediaTime : .bytes(duePerSecond: least.minimumBytesPerSecond),
      interval: planner.readsPlaylist ? max(least.interval, Self.playlistStall) : nil, now: .now)
  }

  func take(_ event: MediaSourceEvent, _ attempt: SupervisionRule.Attempt) {
    guard attempt == self.attempt else { return }
    switch event {
    case .alive: rule.sign(attempt, now: .now)
    case .bytes(let bytes): append(bytes, attempt)
    case .process(let pid): note { $0.ffmpegPID = pid }
    case .exited(let code):
      services.metrics.ffmpegExits.with([String(code)]).add()
      services.metrics.ffmpegEnds.add()
      note { $0.ffmpegPID = 0 }
    case .progress(let report):
      rule.sign(attempt, now: .now)
      note { $0.outputMediaInfo = outputInfo.merging(report.fields) { $1 } }
    case .mediaInfo(let input, let output):
      rule.sign(attempt, now: .now)
      outputInfo = output
      note { $0.mediaInfo = input }
    case .failed(let failure): lose(rule.failed(attempt, failure, now: .now), failure)
    case .ended(let isComplete): ended(attempt, isComplete: isComplete)
    }
  }

  func ended(_ attempt: SupervisionRule.Attempt, isComplete: Bool) {
    // All of a short film may still be held back; and all of a short playlist has told nothing yet.
    let before = writer.totalBytes
    writer.endRun()
    if writer.verdict == .notTransportStream, !writer.firstBytes.isEmpty { return refuse(attempt) }
    if writer.totalBytes > before, rule.media(attempt, now: .now) { firstMedia() }
    lose(rule.ended(attempt, isComplete: isComplete, now: .now), .closed)
  }

  func append(_ bytes: UnsafeMutableRawBufferPointer, _ attempt: SupervisionRule.Attempt) {
    services.metrics.bytesIn.add(UInt64(bytes.count))
    update.addedBytesReceived += UInt64(bytes.count)
    bytesReceived += Int64(bytes.count)
    hasUpdate = true
    let now = ContinuousClock.now
    if writer.append(bytes) {
      if rule.media(attempt, now: now) { firstMedia() }
    } else {
      switch writer.verdict {
      case .undecided: break
      case .transportStream: rule.sign(attempt, now: now)
      case .notTransportStream: return refuse(attempt)
      }
    }
    let delay = writer.delay(now: now)
    guard delay >= .milliseconds(20), !isHeld else { return }
    isHeld = true
    bitrate?.hold()
    source?.hold()
    pace = home.schedule(after: min(delay, .seconds(1))) { [unowned self] in
      isHeld = false
      source?.resume()
    }
  }

  func firstMedia() {
    logger.info("media flows", ["stream.restarts": String(rule.restarts)])
    note { $0.phase = .running }
    sendUpdate()
  }

  /// What came is no MPEG-TS: a playlist is read by FFmpeg from now on, anything else is a failed source.
  func refuse(_ attempt: SupervisionRule.Attempt) {
    let failure = planner.adopt(firstBytes: writer.firstBytes)
    lose(rule.failed(attempt, failure, now: .now), failure)
  }

  func lose(_ action: SupervisionRule.LossAction, _ failure: SourceFailure) {
    switch action {
    case .doNothing: break
    case .close: loseSource(failure)
    case .finish(.ended): linger()
    case .finish(.stopped): finish(.stopped, .release(.stopped(.shutdown)))
    case .finish(let outcome):
      noteFailure(failure)
      finish(outcome, .release(.failed))
    }
  }

  func loseSource(_ failure: SourceFailure) {
    if case .isPlaylist = failure {
      logger.info("the source is a playlist")
    } else {
      noteFailure(failure)
    }
    note { $0.phase = phaseWord }
    attempt = nil
    pace = nil
    writer.endRun()
    closeSource(grace: lossGrace) { [self] in
      // Where there is nothing to wait for, the next source is opened at once.
      if !isOver { step(rule.tick(now: .now, isHeld: false)) }
    }
  }

  func noteFailure(_ failure: SourceFailure) {
    services.metrics.sourceFailures.with([failure.word]).add()
    services.metrics.upstreamErrors.add()
    let reason = Masking.mask(text: failure.reason)
    logger.warning("source failed", ["reason": reason])
    note {
      $0.lastError = reason
      $0.addedErrors += 1
    }
  }

  func tick() {
    if closing == nil { step(rule.tick(now: .now, isHeld: isHeld)) }
    checkBitrate()
    secondCount = (secondCount + 1) % 4
    guard secondCount == 0, !isOver else { return }
    note { $0.targetDuration = log.snapshot().playlist.targetDuration.map { .seconds($0) } }
    if !planner.isFFmpeg { note { $0.mediaInfo = MediaInfo(writer.mediaInfo).fields } }
    sendUpdate()
    checkIdle()
  }

  private func checkBitrate() {
    guard let attempt, rule.isRunning, let measure = bitrate?.measure else { return }
    if isHeld { bitrate?.hold() }
    let total = measure == .mediaTime ? writer.mediaEnd ?? 0 : bytesReceived
    guard let perSecond = bitrate?.tick(now: .now, total: total) else { return }
    let failure = SourceFailure.slow(measure.describe(perSecond))
    lose(rule.failed(attempt, failure, now: .now), failure)
  }

  func step(_ action: SupervisionRule.TickAction) {
    switch action {
    case .doNothing: break
    case .open(let attempt, let url):
      note { $0.addedRestarts += 1 }
      open(attempt, url: url)
    case .close: loseSource(.silent)
    case .finish(let outcome): lose(.finish(outcome), .silent)
    }
  }
}

extension BitrateRule.Measure {
  fileprivate func describe(_ perSecond: Double) -> String {
    switch self {
    case .bytes(let due): "\(Int(perSecond)) bytes a second, \(due) are the least (MIN_BITRATE_THRESHOLD)"
    case .mediaTime: "\(Int(max(0, perSecond) / 900)) % of real time"
    }
  }
}

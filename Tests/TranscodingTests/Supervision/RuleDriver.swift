import Testing

@testable import Transcoding

/// A rule with a clock that only the test moves, and account of the attempts that are open.
struct RuleDriver {
  var rule: SupervisionRule
  private(set) var now = ContinuousClock.now
  private(set) var open: SupervisionRule.Attempt?
  private(set) var opened: [Int] = []
  private(set) var outcome: SupervisionRule.Outcome?
  private(set) var problems: [String] = []

  init(urlCount: Int = 1, _ change: (inout SupervisionRule.Settings) -> Void = { _ in }) {
    var settings = SupervisionRule.Settings()
    change(&settings)
    rule = SupervisionRule(settings: settings, urlCount: urlCount)
  }

  mutating func start() {
    if case .open(let attempt, let url) = rule.start(now: now) { take(attempt, url) }
  }

  private mutating func take(_ attempt: SupervisionRule.Attempt, _ url: Int) {
    if open != nil { problems.append("two attempts open") }
    if outcome != nil { problems.append("opened after the end") }
    open = attempt
    opened.append(url)
  }

  private mutating func take(_ outcome: SupervisionRule.Outcome) {
    if self.outcome != nil { problems.append("ended twice") }
    self.outcome = outcome
    open = nil
  }

  mutating func pass(_ time: Duration, isHeld: Bool = false, step: Duration = .milliseconds(250)) {
    let end = now + time
    while now < end {
      now += min(step, now.duration(to: end))
      tick(isHeld: isHeld)
    }
  }

  mutating func tick(isHeld: Bool = false) {
    switch rule.tick(now: now, isHeld: isHeld) {
    case .open(let attempt, let url): take(attempt, url)
    case .close:
      if open == nil { problems.append("closed what was not open") }
      open = nil
    case .finish(let outcome): take(outcome)
    case .doNothing: break
    }
  }

  private mutating func take(_ action: SupervisionRule.LossAction) {
    switch action {
    case .close:
      if open == nil { problems.append("closed what was not open") }
      open = nil
    case .finish(let outcome): take(outcome)
    case .doNothing: break
    }
  }

  mutating func fail(_ failure: SourceFailure) {
    guard let open else { return }
    take(rule.failed(open, failure, now: now))
  }

  mutating func end(isComplete: Bool) {
    guard let open else { return }
    take(rule.ended(open, isComplete: isComplete, now: now))
  }

  @discardableResult
  mutating func media() -> Bool { open.map { rule.media($0, now: now) } ?? false }

  mutating func sign() { if let open { rule.sign(open, now: now) } }

  mutating func stop() { take(rule.stop()) }

  /// Late events of an attempt that is not the open one. Answers whether any did anything.
  mutating func lateEvents(of attempt: SupervisionRule.Attempt) -> Bool {
    let before = (rule.restarts, rule.isRunning, rule.url)
    rule.sign(attempt, now: now)
    let acted =
      rule.media(attempt, now: now) || rule.failed(attempt, .closed, now: now) != .doNothing
      || rule.ended(attempt, isComplete: true, now: now) != .doNothing
    return acted || before != (rule.restarts, rule.isRunning, rule.url)
  }
}

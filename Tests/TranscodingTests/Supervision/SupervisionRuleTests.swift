import Testing

@testable import Transcoding

@Suite struct SupervisionRuleTests {
  @Test(arguments: [
    (SourceFailure.connectFailed("x"), 3), (.silent, 3), (.closed, 3), (.httpStatus(500), 3), (.httpStatus(408), 3),
    (.httpStatus(429), 3), (.notMedia("x"), 3), (.ffmpegExited(code: 1, lastLine: nil), 3),
    (.httpStatus(404), 1), (.httpStatus(403), 1), (.refused("x"), 1), (.ffmpegMissing("x"), 1),
  ])
  func aSourceThatNeverHadMediaIsTriedAndGivenUp(failure: SourceFailure, tries: Int) {
    var driver = RuleDriver()
    driver.start()
    for _ in 0..<10 where driver.outcome == nil {
      driver.fail(failure)
      driver.pass(.seconds(1.25))
    }
    #expect(driver.opened.count == tries)
    #expect(driver.outcome == .failed(failure))
    #expect(driver.problems.isEmpty)
  }

  @Test(arguments: [
    (false, [1.0, 1, 1, 1, 1]), (true, [1.0, 1.5, 2.25, 3.375, 5.0625]),
  ])
  func pausesGrowIfTheyAreToGrow(isExponential: Bool, pauses: [Double]) {
    var driver = RuleDriver {
      $0.isExponential = isExponential
      $0.attempts = 100
      $0.window = .seconds(1000)
    }
    driver.start()
    for pause in pauses {
      let opened = driver.opened.count
      driver.fail(.closed)
      driver.pass(.seconds(pause) - .milliseconds(1), step: .milliseconds(100))
      #expect(driver.opened.count == opened)
      driver.pass(.milliseconds(1))
      #expect(driver.opened.count == opened + 1)
    }
  }

  @Test func aPauseIsNeverLongerThanTheLongest() {
    var driver = RuleDriver {
      $0.isExponential = true
      $0.attempts = 1000
      $0.window = .seconds(100_000)
      $0.total = nil
    }
    driver.start()
    for _ in 0..<50 {
      driver.fail(.closed)
      driver.pass(.seconds(30))
      #expect(driver.open != nil)
    }
  }

  @Test func finalFailuresGoToTheNextURLAtOnceAndOthersAfterTheirTries() {
    var driver = RuleDriver(urlCount: 3)
    driver.start()
    driver.fail(.httpStatus(404))
    driver.tick()
    #expect(driver.opened == [0, 1])
    for _ in 0..<3 {
      driver.fail(.closed)
      driver.pass(.seconds(1))
    }
    #expect(driver.opened == [0, 1, 1, 1, 2])
  }

  @Test func withMediaSeenAllURLsFailingMeansAPauseAndAnotherRound() {
    var driver = RuleDriver(urlCount: 2)
    driver.start()
    driver.media()
    driver.fail(.httpStatus(404))
    driver.tick()
    driver.fail(.httpStatus(404))
    driver.pass(.seconds(9.75))
    #expect(driver.opened == [0, 1])
    driver.pass(.seconds(0.25))
    #expect(driver.opened == [0, 1, 0])
    #expect(driver.outcome == nil)
  }

  @Test func mediaResetsTheCountersSoThatALaterOutageIsHandledAsTheFirst() {
    var driver = RuleDriver { $0.total = .seconds(30) }
    driver.start()
    for _ in 0..<20 {
      for _ in 0..<2 {
        driver.fail(.closed)
        driver.pass(.seconds(1))
        #expect(driver.open != nil, "the third try comes after the usual pause")
      }
      let isFirst = driver.media()
      #expect(isFirst)
      driver.pass(.seconds(3))
      driver.media()
    }
    #expect(driver.outcome == nil)
    #expect(driver.rule.restarts == 40)
  }

  @Test func aStallIsSeenAfterItsTimeUnlessWeOurselvesHoldTheSource() {
    var driver = RuleDriver()
    driver.start()
    driver.media()
    driver.pass(.seconds(60), isHeld: true)
    #expect(driver.open != nil)
    driver.pass(.seconds(3.75))
    #expect(driver.open != nil)
    driver.pass(.seconds(0.25))
    #expect(driver.open == nil)
    driver.pass(.seconds(1))
    #expect(driver.opened.count == 2)
  }

  @Test func theStallTimeFollowsTheKindOfSource() {
    var driver = RuleDriver()
    driver.rule.stall = .seconds(18)
    driver.start()
    driver.media()
    driver.pass(.seconds(17.75))
    #expect(driver.open != nil)
    driver.pass(.seconds(0.25))
    #expect(driver.open == nil)
  }

  @Test func aSilentSourceIsGivenUpAfterTheWindow() {
    var driver = RuleDriver()
    driver.start()
    driver.pass(.seconds(7.75))
    #expect(driver.outcome == nil)
    driver.pass(.seconds(0.25))
    #expect(driver.outcome == .failed(.silent))
  }

  @Test func signsOfLifeLengthenTheOpeningUpToItsLimit() {
    var driver = RuleDriver()
    driver.start()
    for second in 1...19 {
      driver.pass(.seconds(1))
      driver.sign()
      #expect(driver.open != nil, "\(second) s")
    }
    driver.pass(.seconds(1))
    #expect(driver.outcome == .failed(.silent))
  }

  @Test func afterTheLastSignTheWindowCounts() {
    var driver = RuleDriver()
    driver.start()
    driver.pass(.seconds(5))
    driver.sign()
    driver.pass(.seconds(7.75))
    #expect(driver.outcome == nil)
    driver.pass(.seconds(0.25))
    #expect(driver.outcome == .failed(.silent))
  }

  @Test func aKindOfSourceThatIsSilentWhileItWorksGetsLonger() {
    var driver = RuleDriver()
    driver.rule.window = .seconds(20)
    driver.start()
    driver.pass(.seconds(19.75))
    #expect(driver.outcome == nil)
    driver.pass(.seconds(0.25))
    #expect(driver.outcome == .failed(.silent))
  }

  @Test func aPlaylistIsReadAtOnceAndOnlyOnce() {
    var driver = RuleDriver { $0.attempts = 1 }
    driver.start()
    driver.fail(.isPlaylist)
    driver.tick()
    #expect(driver.opened == [0, 0])
    driver.fail(.isPlaylist)
    #expect(driver.outcome == .failed(.isPlaylist))
  }

  @Test(arguments: [true, false])
  func withoutMediaForTheTotalTimeTheStreamFails(hadMedia: Bool) {
    var driver = RuleDriver(urlCount: 100) { $0.total = .seconds(60) }
    driver.start()
    if hadMedia { driver.media() }
    var seconds = 0
    while driver.outcome == nil, seconds < 200 {
      driver.pass(.seconds(1))
      seconds += 1
    }
    #expect(seconds == 60)
    #expect(driver.outcome == .failed(.silent))
  }

  @Test func withoutATotalTimeItIsTriedForEver() {
    var driver = RuleDriver { $0.total = nil }
    driver.start()
    driver.media()
    driver.fail(.closed)
    driver.pass(.seconds(3600))
    #expect(driver.outcome == nil)
    #expect(driver.opened.count > 100)
  }

  @Test func onlyAFilmThatIsCompleteEndsTheStream() {
    var driver = RuleDriver()
    driver.start()
    driver.media()
    driver.end(isComplete: false)
    #expect(driver.outcome == nil)
    driver.pass(.seconds(1))
    driver.end(isComplete: true)
    #expect(driver.outcome == nil, "it gave no media this time")
    driver.pass(.seconds(1))
    driver.media()
    driver.end(isComplete: true)
    #expect(driver.outcome == .ended)
  }

  /// Any order of events: one attempt at most, nothing after the end, late events do nothing, pauses are bounded.
  @Test(arguments: 0..<200)
  func invariantsHoldForAnyOrderOfEvents(seed: UInt64) throws {
    var random = RuleRandom(seed: seed)
    let urls = Int.random(in: 1...4, using: &random)
    var driver = RuleDriver(urlCount: urls) {
      $0.attempts = Int.random(in: 0...4, using: &random)
      $0.isExponential = Bool.random(using: &random)
      $0.total = Bool.random(using: &random) ? nil : .seconds(40)
    }
    driver.start()
    var past: [SupervisionRule.Attempt] = []
    var closedSince = Duration.zero
    for step in 0..<400 {
      if let open = driver.open, past.last != open { past.append(open) }
      switch Int.random(in: 0..<12, using: &random) {
      case 0...2: driver.media()
      case 3: driver.fail([.closed, .httpStatus(404), .silent, .isPlaylist].randomElement(using: &random) ?? .closed)
      case 4: driver.end(isComplete: Int.random(in: 0..<20, using: &random) == 0)
      case 5: driver.sign()
      case 6:
        for attempt in past where attempt != driver.open {
          let acted = driver.lateEvents(of: attempt)
          #expect(!acted, "seed \(seed), step \(step)")
        }
      case 7 where Int.random(in: 0..<40, using: &random) == 0: driver.stop()
      default:
        let time = Duration.milliseconds(Int.random(in: 1...3000, using: &random))
        let wasOpen = driver.open != nil
        driver.pass(time, isHeld: Bool.random(using: &random))
        closedSince = wasOpen || driver.open != nil ? .zero : closedSince + time
      }
      #expect(driver.problems.isEmpty, "seed \(seed), step \(step): \(driver.problems)")
      #expect((0..<urls).contains(driver.rule.url))
      if driver.outcome == nil { try #require(closedSince <= .seconds(33), "seed \(seed), step \(step)") }
    }
  }
}

/// SplitMix64.
private struct RuleRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}

import Testing

@testable import HTTP

@Suite struct TransferDeadlineTests {
  private func make(total: Duration? = nil) -> TransferDeadline {
    var limits = UpstreamTimeouts()
    limits.connect = .seconds(5)
    limits.firstByte = .seconds(10)
    limits.idle = .seconds(15)
    limits.total = total
    return TransferDeadline(limits, now: .seconds(100))
  }

  @Test func eachPhaseHasItsLimit() {
    var deadline = make()
    #expect(deadline.check(now: .seconds(101)) == .wait(.seconds(4)))
    #expect(deadline.check(now: .seconds(105)) == .fail(.connectTimeout))
    deadline.connected(now: .seconds(104))
    #expect(deadline.check(now: .seconds(105)) == .wait(.seconds(9)))
    #expect(deadline.check(now: .seconds(114)) == .fail(.firstByteTimeout))
    deadline.headArrived(now: .seconds(110))
    deadline.bytesArrived(now: .seconds(120))
    #expect(deadline.check(now: .seconds(130)) == .wait(.seconds(5)))
    #expect(deadline.check(now: .seconds(135)) == .fail(.stalled))
  }

  @Test func aPausedTransferDoesNotStall() {
    var deadline = make()
    deadline.connected(now: .seconds(100))
    deadline.headArrived(now: .seconds(100))
    deadline.held()
    #expect(deadline.check(now: .seconds(10_000)) == .doNothing)
    deadline.released(now: .seconds(10_000))
    #expect(deadline.check(now: .seconds(10_001)) == .wait(.seconds(14)))
  }

  @Test func aPauseBeforeTheHeadHoldsOnlyTheBody() {
    var deadline = make()
    deadline.held()
    #expect(deadline.check(now: .seconds(105)) == .fail(.connectTimeout))
    deadline.connected(now: .seconds(101))
    deadline.headArrived(now: .seconds(102))
    #expect(deadline.check(now: .seconds(10_000)) == .doNothing)
  }

  @Test func theTotalLimitRunsInEveryPhase() {
    var deadline = make(total: .seconds(3))
    #expect(deadline.check(now: .seconds(101)) == .wait(.seconds(2)))
    deadline.connected(now: .seconds(101))
    deadline.headArrived(now: .seconds(101))
    deadline.held()
    #expect(deadline.check(now: .seconds(103)) == .fail(.totalTimeout))
  }

  @Test func aRedirectBeginsAnew() {
    var deadline = make()
    deadline.connected(now: .seconds(101))
    deadline.connecting(now: .seconds(109))
    #expect(deadline.check(now: .seconds(110)) == .wait(.seconds(4)))
  }
}

@Suite struct ResponseHeadCollectorTests {
  private func feed(_ collector: inout ResponseHeadCollector, _ lines: [String]) -> ResponseHeadCollector.Action {
    var action = ResponseHeadCollector.Action.more
    for line in lines { action = Array((line + "\r\n").utf8).withUnsafeBytes { collector.line($0) } }
    return action
  }

  @Test func leavesInterimResponsesOut() {
    var collector = ResponseHeadCollector()
    #expect(feed(&collector, ["HTTP/1.1 103 Early", "Link: x", ""]) == .more)
    #expect(feed(&collector, ["HTTP/1.1 200 OK", "Content-Length:  12 ", ""]) == .complete)
    #expect(collector.status == 200)
    #expect(collector.headers == [UpstreamHeader("Content-Length", "12")])
    #expect(collector.announcedLength == 12)
  }

  @Test func isBounded() {
    var collector = ResponseHeadCollector()
    _ = feed(&collector, ["HTTP/1.1 200 OK"])
    #expect(feed(&collector, Array(repeating: "a: b", count: 300)) == .tooLarge)
    var other = ResponseHeadCollector()
    #expect(feed(&other, ["a: " + String(repeating: "b", count: 70_000)]) == .tooLarge)
  }

  @Test func aRedirectNeedsAPlaceToGo() {
    var collector = ResponseHeadCollector()
    _ = feed(&collector, ["HTTP/1.1 302 Found", "location: /x", ""])
    #expect(collector.redirectLocation == "/x")
    _ = feed(&collector, ["HTTP/1.1 302 Found", ""])
    #expect(collector.redirectLocation == nil)
    _ = feed(&collector, ["HTTP/1.1 304 Not Modified", "Location: /x", ""])
    #expect(collector.redirectLocation == nil)
  }
}

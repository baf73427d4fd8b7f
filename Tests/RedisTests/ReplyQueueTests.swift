import Testing

@testable import Redis

/// Replies find who waits for them.
struct ReplyQueueTests {
  private let now = ContinuousClock.now

  /// What a reply led to, as text.
  private func say(_ action: ReplyQueue<String>.ReceivedAction) -> String {
    switch action {
    case .wait: "wait"
    case .complete(let waiter, let replies):
      "\(waiter) " + replies.map { $0.integer.map(String.init) ?? "-" }.joined(separator: ",")
    case .refuse: "refuse"
    }
  }

  @Test func repliesAreGivenInTheOrderOfTheRequests() {
    var queue = ReplyQueue<String>()
    for (name, count) in [("a", 1), ("b", 3), ("c", 1)] {
      queue.append(name, replies: count, deadline: now)
    }
    #expect(queue.outstanding == 5)
    let said = (1...6).map { say(queue.received(.integer($0))) }
    #expect(said == ["a 1", "wait", "wait", "b 2,3,4", "c 5", "refuse"])
    #expect(queue.isEmpty)
  }

  @Test func repliesToExpiredRequestsAreDropped() {
    var queue = ReplyQueue<String>()
    queue.append("a", replies: 2, deadline: now + .seconds(1))
    queue.append("b", replies: 1, deadline: now + .seconds(3))
    queue.append("c", replies: 2, deadline: now + .seconds(1))
    queue.append("d", replies: 1, deadline: now + .seconds(2))
    #expect(queue.nextDeadline == now + .seconds(1))
    #expect(say(queue.received(.integer(1))) == "wait")
    #expect(queue.expire(now: now).isEmpty)
    #expect(!queue.isOverdue(now: now))
    #expect(queue.expire(now: now + .seconds(1)) == ["a", "c"])
    #expect(queue.expire(now: now + .seconds(1)).isEmpty)
    #expect(queue.isOverdue(now: now + .seconds(1)))
    #expect(queue.nextDeadline == now + .seconds(2))
    let said = (2...6).map { say(queue.received(.integer($0))) }
    #expect(said == ["wait", "b 3", "wait", "wait", "d 6"])
    #expect(!queue.isOverdue(now: now + .seconds(9)))
  }

  @Test func aLostConnectionGivesBackThoseWhoStillWait() {
    var queue = ReplyQueue<String>()
    queue.append("a", replies: 1, deadline: now)
    queue.append("b", replies: 2, deadline: now + .seconds(1))
    queue.append("c", replies: 1, deadline: now + .seconds(1))
    _ = queue.expire(now: now)
    _ = queue.received(.null)
    _ = queue.received(.null)
    #expect(queue.removeAll() == ["b", "c"])
    #expect(queue.isEmpty)
    #expect(queue.nextDeadline == nil)
    queue.append("d", replies: 1, deadline: now)
    #expect(say(queue.received(.integer(9))) == "d 9")
  }

  @Test func manyRequestsComeAndGo() {
    var queue = ReplyQueue<Int>()
    for round in 0..<5000 {
      for number in 0..<3 { queue.append(round * 3 + number, replies: 1, deadline: now) }
      for number in 0..<(round == 4999 ? 3 : 2) {
        guard case .complete(let waiter, _) = queue.received(.null) else {
          Issue.record("no request")
          return
        }
        #expect(waiter == round * 2 + number)
      }
    }
    #expect(queue.outstanding == 4999)
  }
}

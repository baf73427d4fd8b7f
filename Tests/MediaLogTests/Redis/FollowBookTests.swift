import Identifiers
import Synchronization
import Testing

@testable import MediaLog

/// What followers are told of a store that is away.
@Suite struct FollowBookTests {
  private let start = ContinuousClock.now
  private let told = Told()
  private var book = FollowBook(outage: .seconds(60))

  private final class Told: Sendable {
    private let words = Mutex<[String]>([])

    /// What was told since the last call.
    func take() -> [String] {
      words.withLock { words in
        defer { words = [] }
        return words
      }
    }

    func add(_ news: LogNews) {
      words.withLock {
        switch news {
        case .entries(let entries): $0.append("\(entries.count) entries")
        case .ended(let end): $0.append("\(end)")
        case .unavailable: $0.append("away")
        }
      }
    }
  }

  private mutating func follow(at seconds: Int = 0) -> UInt64 {
    book.add(Made.stream, after: ChunkNumber(0), now: at(seconds)) { [told] in told.add($0) }
  }

  private func at(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

  private func make(_ call: FollowBook.Call?) -> [String] { make([call].compactMap { $0 }) }

  private func make(_ calls: [FollowBook.Call]) -> [String] {
    for call in calls { for news in call.news { call.handler(news) } }
    return told.take()
  }

  @Test mutating func anOutageIsToldOnceAndThenTheEndOnce() {
    let id = follow()
    #expect(make(book.caughtUp(id, [])) == ["0 entries"])
    book.found(now: at(100))
    #expect(make(book.lost(now: at(101))) == ["away"])
    #expect(make(book.lost(now: at(159))) == [])
    #expect(!book.hasGivenUp(Made.stream))
    #expect(make(book.lost(now: at(160))) == ["failed"], "counted from the last answer")
    #expect(book.hasGivenUp(Made.stream))
    #expect(make(book.lost(now: at(500))) == [])
  }

  @Test mutating func anAnswerEndsTheOutage() {
    let id = follow()
    _ = book.caughtUp(id, [])
    book.found(now: at(10))
    #expect(make(book.lost(now: at(69))) == ["away"])
    book.found(now: at(69))
    #expect(make(book.lost(now: at(71))) == ["away"])
    #expect(make(book.lost(now: at(128))) == [])
    #expect(make(book.lost(now: at(129))) == ["failed"])
    book.found(now: at(130))
    #expect(!book.hasGivenUp(Made.stream))
  }

  @Test mutating func whoNeverGotAnAnswerIsToldThatThereIsNothingAndThenTheEnd() {
    let id = follow(at: 1000)
    #expect(make(book.lost(id, now: at(1001))) == ["away"])
    #expect(make(book.lost(id, now: at(1060))) == ["0 entries", "failed"])
    #expect(make(book.caughtUp(id, [])) == ["0 entries"])
    #expect(!book.hasGivenUp(Made.stream))
  }

  @Test mutating func aLaterFollowerIsGivenItsOwnTime() {
    let first = follow()
    _ = book.caughtUp(first, [])
    book.found(now: at(0))
    let second = follow(at: 50)
    _ = book.caughtUp(second, [])
    #expect(make(book.lost(now: at(60))).sorted() == ["away", "away", "failed"])
    #expect(make(book.lost(now: at(110))) == ["failed"])
  }

  @Test mutating func withoutALimitTheyWaitForEver() {
    book = FollowBook(outage: nil)
    let id = follow()
    _ = book.caughtUp(id, [])
    #expect(make(book.lost(now: at(1))) == ["away"])
    #expect(make(book.lost(now: at(1_000_000))) == [])
  }
}

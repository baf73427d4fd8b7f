import Cluster
import Identifiers
import Testing

@Suite("The clients of a stream") struct ClientBookTests {
  private let clock = ManualClock()

  private func join(_ book: inout ClientBook, _ name: String, _ connection: UInt64?, limit: Int = 0)
    -> ClientBook.Joining
  {
    book.join(
      Make.join(1, name, connection: connection), worker: WorkerID("w1"), limit: limit, limits: CoordinatorLimits(),
      now: clock.now)
  }

  @Test("the same connection twice is one")
  func sameConnection() {
    var book = ClientBook()
    _ = join(&book, "a", 1)
    #expect(join(&book, "a", 1) == .known)
    #expect(book.records.map(\.connections) == [1])
    guard case .gone = book.leave(Make.leave(1, "a", connection: 1)) else {
      Issue.record("the client is still there")
      return
    }
  }

  @Test("an unknown connection's end changes nothing")
  func lateLeave() {
    var book = ClientBook()
    _ = join(&book, "a", 1)
    #expect(book.leave(Make.leave(1, "a", connection: 2)) == .stays)
    #expect(book.leave(Make.leave(1, "b", connection: 1)) == .unknown)
    #expect(book.count == 1)
  }

  @Test("a client that also polls outlives its connection, until it is told to be gone")
  func mixed() {
    var book = ClientBook()
    _ = join(&book, "a", 1)
    _ = join(&book, "a", nil)
    #expect(book.leave(Make.leave(1, "a", connection: 1)) == .stays)
    guard case .gone(let record) = book.leave(Make.leave(1, "a", connection: nil)) else {
      Issue.record("the client is still there")
      return
    }
    #expect(record.format == .hls && book.isEmpty)
  }

  @Test("expiry tells how long ago the last one's time was over")
  func expiry() {
    var book = ClientBook()
    _ = join(&book, "a", nil)
    clock.advance(.seconds(2))
    _ = join(&book, "b", nil)
    clock.advance(.seconds(2))
    _ = join(&book, "c", nil)
    clock.advance(.seconds(9))
    let expiry = book.expire(after: .seconds(10), now: clock.now)
    #expect(Set(expiry.clients.map(\.id.text)) == ["a", "b"])
    #expect(expiry.latest == .seconds(1))
    #expect(book.records.map(\.id.text) == ["c"])
  }

  @Test("1,000 made-up clients leave nothing behind")
  func madeUp() {
    var book = ClientBook()
    for number in 0..<1000 { _ = join(&book, "made-up-\(number)", nil) }
    #expect(book.count == 1000)
    clock.advance(.seconds(10))
    #expect(book.expire(after: .seconds(10), now: clock.now).clients.count == 1000)
    #expect(book.isEmpty)
  }
}

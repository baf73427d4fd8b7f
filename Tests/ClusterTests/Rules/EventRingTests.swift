import Cluster
import Identifiers
import Observability
import Testing

@Suite("The feed of events") struct EventRingTests {
  private func draft(_ number: UInt8) -> EventDraft {
    EventDraft(
      stream: Make.stream(number), metadata: [:], content: .streamStarted(Make.registration(number)))
  }

  @Test("positions grow, with a clock that stands, jumps and goes back")
  func positions() {
    var ring = EventRing(capacity: 10)
    for microseconds: UInt64 in [5_000_000, 5_000_100, 9_000_000, 1_000_000, 9_001_000] {
      ring.append(draft(1), at: WallTime(microseconds: microseconds))
    }
    let positions = ring.page(after: .start, limit: 10).events.map(\.position.description)
    #expect(positions == ["5000-0", "5000-1", "9000-0", "9000-1", "9001-0"])
  }

  @Test("every position is found, however far the ring has turned", arguments: 1...25)
  func finds(appended: Int) {
    var ring = EventRing(capacity: 7)
    for number in 0..<appended { ring.append(draft(UInt8(number)), at: WallTime(microseconds: UInt64(number) * 500)) }
    let all = ring.page(after: .start, limit: 100)
    let kept = max(appended - 7, 0)..<appended
    #expect(all.events.map(\.stream) == kept.map { Make.stream(UInt8($0)) })
    #expect(all.missed == (appended > 7))
    for (index, event) in all.events.enumerated() {
      let page = ring.page(after: event.position, limit: 100)
      #expect(page.events == Array(all.events[(index + 1)...]) && !page.missed)
    }
  }

  @Test("a position that is not there yet is the newest")
  func future() {
    var ring = EventRing(capacity: 7)
    ring.append(draft(1), at: WallTime(microseconds: 1000))
    let page = ring.page(after: EventPosition(milliseconds: 99, sequence: 0), limit: 10)
    #expect(page.events.isEmpty && page.end == ring.last)
    ring.append(draft(2), at: WallTime(microseconds: 1000))
    #expect(ring.page(after: page.end, limit: 10).events.map(\.stream) == [Make.stream(2)])
  }

  @Test("event ids are version 4 UUIDs, each another")
  func identifiers() {
    var ring = EventRing(capacity: 100)
    for _ in 0..<100 { ring.append(draft(1), at: WallTime(microseconds: 0)) }
    let ids = ring.page(after: .start, limit: 100).events.map(\.id)
    #expect(Set(ids).count == 100)
    #expect(
      ids.allSatisfy {
        $0.wholeMatch(of: #/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/#) != nil
      })
  }

  @Test(
    "positions as text", arguments: ["0-0", "1700000000000-12", "18446744073709551615-18446744073709551615"])
  func roundTrip(text: String) { #expect(EventPosition(text)?.description == text) }

  @Test(
    "what is no position",
    arguments: ["", "-", "1", "1-", "-1", "1-2-3", "+1-2", "a-b", "1 -2", "18446744073709551616-0"])
  func refused(text: String) { #expect(EventPosition(text) == nil) }

  @Test("event names are those of the interface")
  func names() {
    let owner = Ownership(worker: WorkerID("w"), epoch: Epoch(1))
    #expect(EventContent.takeover(from: owner, to: owner).name == "stream_takeover")
    #expect(
      EventContent.owner(.failed(.init(error: "", errorType: "", reason: "", retryCount: 0))).name == "stream_failed")
    #expect(
      Set(StopReason.allCases.map(\.rawValue)) == [
        "last_client_disconnected", "manual_deletion", "metadata_filter_deletion", "oldest_stream_deletion",
        "inactive_timeout", "source_ended", "failed", "shutdown",
      ])
  }
}

import MediaLog
import Testing

@Suite struct ProgramDateTests {
  @Test func datesFollowTheMediasClockNotTheArrivals() {
    var rule = ProgramDate()
    let arrivals: [Int64] = [0, 10, 20, 9_000, 9_010]
    let dates = arrivals.enumerated().map { rule.date(at: Int64($0) * 180_000, now: 1_000_000 + $1) }
    #expect(dates == [1_000_000, 1_002_000, 1_004_000, 1_006_000, 1_008_000])
  }

  @Test func aStallOrAClockThatIsSetBeginsAnew() {
    var rule = ProgramDate()
    let now = [(0, 0), (90_000, 30_000), (180_000, 31_000), (270_000, -100_000)].map {
      rule.date(at: $0, now: 1_000_000 + $1)
    }
    #expect(now == [1_000_000, 1_030_000, 1_031_000, 900_000])
  }

  @Test func anotherRunHasItsOwnDate() {
    var rule = ProgramDate()
    _ = rule.date(at: 0, now: 0)
    rule.restart()
    let date = rule.date(at: 90_000, now: 5_000)
    #expect(date == 5_000)
  }
}

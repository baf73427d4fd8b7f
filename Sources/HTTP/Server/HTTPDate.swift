internal import Observability

/// The `Date` field (RFC 9110 §6.6.1), made once a second.
struct HTTPDate {
  private var second: UInt64?
  private var text = ""

  mutating func now() -> String {
    let now = WallTime.now
    let second = now.microseconds / 1_000_000
    if second != self.second { (self.second, text) = (second, now.httpText) }
    return text
  }
}

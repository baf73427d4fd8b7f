/// What a lease key holds: `<boot token>:<renewal number>`.
package struct LeaseValue: Hashable, Sendable, CustomStringConvertible {
  /// Of one life of a worker: a worker id that is started again is a new holder. Without a colon.
  package let token: String
  package let number: UInt64

  package init(token: String, number: UInt64) {
    self.token = token
    self.number = number
  }

  /// Of a store's text. One of another form is the lease of a holder of that name, who never renews it.
  package init(text: String) {
    if let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")), let number = UInt64(text[text.index(after: colon)...]) {
      self.init(token: String(text[..<colon]), number: number)
    } else {
      self.init(token: text, number: 0)
    }
  }

  package var description: String { "\(token):\(number)" }

  /// A token that no other life of any worker has: 128 random bits.
  package static func newToken() -> String {
    var random = SystemRandomNumberGenerator()
    return (0..<2).map { _ in
      let digits = String(random.next() as UInt64, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}

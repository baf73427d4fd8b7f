/// What keeps the bridge from its messages.
package struct PulsarError: Error, Sendable, Equatable, CustomStringConvertible {
  package enum Code: Sendable, Equatable {
    /// libpulsar cannot be loaded: no use in trying again.
    case library
    /// The consumer is closed for good: the topic ended, or the broker has another with its name.
    case closed
    /// The broker or the way to it.
    case failed
  }

  package let code: Code
  package let message: String

  init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }

  package var description: String { message }
}

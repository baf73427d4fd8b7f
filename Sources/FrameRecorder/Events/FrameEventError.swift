/// Why an event is none.
package enum FrameEventError: Error, Equatable, Sendable {
  /// `detail` is for people.
  case json(detail: String)
  /// The fields, as camelCase names in the order of their table.
  case invalid(fields: [String])

  package var reason: DeadLetterReason {
    switch self {
    case .json: .json
    case .invalid: .invalid
    }
  }

  /// What stands beside the reason in a dead letter.
  package var detail: String {
    switch self {
    case .json(let detail): detail
    case .invalid(let fields): fields.joined(separator: ", ")
    }
  }
}

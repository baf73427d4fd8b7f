/// The fields of a request beside its frames.
package enum IntakeField: String, CaseIterable, Sendable {
  case deviceID = "device_id"
  case timestamp
  case clientID = "client_id"
  case requestID = "request_id"
  case secondaryKey = "secondary_key"
  case latitude = "lat"
  case longitude = "lon"

  /// Of the longest, in UTF-8.
  package static let mostBytes = 1_024
}

/// One field that is none.
package struct IntakeFieldFault: Sendable, Equatable {
  package enum Fault: Sendable, Equatable {
    case missing
    /// `most`: Unicode scalars.
    case tooLong(most: Int)
    /// No text, or with control characters; no time.
    case invalid
  }

  package let name: String
  package let fault: Fault

  package init(_ name: String, _ fault: Fault) { (self.name, self.fault) = (name, fault) }
}

internal import JSONCoding

/// The fields of a request, checked.
package struct IntakeRequest: Sendable, Equatable {
  package let rawClient: String
  package let rawDevice: String
  package let device: DevicePair
  /// As it was sent.
  package let timestamp: String
  package internal(set) var requestTime = FrameTime(milliseconds: 0)
  package internal(set) var requestID = ""
  /// The request named its id, which was not made here.
  var hasOwnRequestID = false
  var secondaryKey: String?
  var location: FrameLocation?
  /// There was a location that is none.
  package internal(set) var hasInvalidLocation = false
  /// What a repeated request has again: 64 digits. Nil: each is another one.
  var key: String?

  init(rawClient: String, rawDevice: String, device: DevicePair, timestamp: String) {
    (self.rawClient, self.rawDevice, self.device, self.timestamp) = (rawClient, rawDevice, device, timestamp)
  }

  /// What the frame at `index` is accepted once by.
  func source(_ index: Int) -> String? { key.map { "http:\($0):\(index)" } }

  func event(_ eventID: String, path: StoragePath) -> String {
    var members: [(String, JSON)] = [
      ("eventId", .string(eventID)), ("clientId", .string(rawClient)), ("deviceId", .string(rawDevice)),
      ("timestamp", .string(timestamp)), ("framePath", .string(path.text)),
      ("requestTimestamp", .string(requestTime.description)), ("requestId", .string(requestID)),
    ]
    if let secondaryKey { members.append(("secondaryKey", .string(secondaryKey))) }
    if let location {
      members.append(
        ("location", .object([("lat", .number(location.latitude)), ("lon", .number(location.longitude))])))
    }
    return JSON.object(members).text
  }
}

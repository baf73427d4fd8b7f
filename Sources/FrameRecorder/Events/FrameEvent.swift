package import JSONCoding

/// One frame as its producer announced it, checked.
package struct FrameEvent: Sendable, Equatable {
  /// What the frame is recorded once by; 1 to 200 characters.
  package var eventID: String
  package var rawClientID: String
  package var rawDeviceID: String
  package var device: DevicePair
  package var capture: FrameTime
  /// Absolute or relative to the base; not looked at here. 1 to 1,024 characters.
  package var framePath: String
  /// When the frame reached the HTTP intake.
  package var requestTime: FrameTime?
  package var requestID: String?
  package var secondaryKey: String?
  package var location: FrameLocation?
  package var notes: Notes = []

  /// What is counted and no fault.
  package struct Notes: OptionSet, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    /// The capture time had no offset and was taken as UTC.
    package static let naiveTimestamp = Notes(rawValue: 1)
    /// There was a location that is none.
    package static let invalidLocation = Notes(rawValue: 2)
    /// The capture time could not be and was replaced (`FrameTimeRule`).
    package static let clockSkew = Notes(rawValue: 4)
  }

  /// Whether it names `device` itself, as it does unless that is what the named device's folder leads to; its client.
  package var isOfNamedClient: Bool { SafeName(sanitising: rawClientID) == device.client }
  package var isOfNamedDevice: Bool { isOfNamedClient && SafeName(sanitising: rawDeviceID) == device.device }

  /// Bytes of an event at most.
  package static let mostBytes = 16_384

  /// Reads the field `event` of a stream entry: an object with names in camelCase or snake_case (the first wins), `null`
  /// as good as absent, unknown names ignored. Strings have no control characters; their lengths are Unicode scalars.
  package static func parse(_ bytes: [UInt8]) throws(FrameEventError) -> FrameEvent {
    try FrameEvent(json(bytes))
  }

  /// Whose event this is, whatever else it lacks: what tells its partition.
  package static func owner(_ bytes: [UInt8]) throws(FrameEventError) -> DevicePair {
    guard case .object(let members) = try json(bytes) else { throw .json(detail: "not an object") }
    var fields = EventFields(members)
    let (client, device) = (fields.client(), fields.device())
    guard let client = client.flatMap({ SafeName(sanitising: $0) }),
      let device = device.flatMap({ SafeName(sanitising: $0) })
    else { throw .invalid(fields: fields.bad) }
    return DevicePair(client: client, device: device)
  }

  /// The ids of an event that is none, as its producer sent them; empty where they cannot be told.
  package static func named(_ bytes: [UInt8]) -> (client: String, device: String) {
    guard case .object(let members)? = try? json(bytes) else { return ("", "") }
    var fields = EventFields(members)
    return (fields.client() ?? "", fields.device() ?? "")
  }

  private static func json(_ bytes: [UInt8]) throws(FrameEventError) -> JSON {
    guard bytes.count <= mostBytes else { throw .json(detail: "\(bytes.count) bytes, at most \(mostBytes)") }
    do {
      return try JSONParser.parse(bytes)
    } catch {
      throw .json(detail: "not JSON at byte \(error.offset)")
    }
  }

  /// As `parse`, of a value.
  package init(_ json: JSON) throws(FrameEventError) {
    guard case .object(let members) = json else { throw .json(detail: "not an object") }
    var fields = EventFields(members)
    let eventID = fields.text("eventId", "event_id", 1...200, isRequired: true)
    let (client, device) = (fields.client(), fields.device())
    let capture = fields.time("timestamp", "timestamp", isRequired: true)
    let path = fields.text("framePath", "frame_path", 1...1_024, isRequired: true)
    requestTime = fields.time("requestTimestamp", "request_timestamp")?.time
    requestID = fields.text("requestId", "request_id", 0...200)
    secondaryKey = fields.text("secondaryKey", "secondary_key", 0...200)
    guard fields.bad.isEmpty, let eventID, let client, let device, let capture, let path,
      let clientName = SafeName(sanitising: client), let deviceName = SafeName(sanitising: device)
    else { throw .invalid(fields: fields.bad) }
    (self.eventID, rawClientID, rawDeviceID, framePath) = (eventID, client, device, path)
    self.device = DevicePair(client: clientName, device: deviceName)
    self.capture = capture.time
    if capture.isNaive { notes.insert(.naiveTimestamp) }
    let place = fields.value("location", "location")
    location = place.flatMap { FrameLocation($0) }
    if place != nil, location == nil { notes.insert(.invalidLocation) }
  }
}

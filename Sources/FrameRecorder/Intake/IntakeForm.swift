internal import Digests

/// Who sends frames, as the request says beside its body.
package struct IntakeSender: Sendable, Equatable {
  /// Whom the token belongs to (`FRAMES_CLIENT_TOKENS`); nil: it says nothing.
  package var tokenClient: String?
  /// `X-Client-Id`
  package var headerClient: String?
  /// `Idempotency-Key`
  package var idempotencyKey: String?
  /// `X-Request-Timestamp`
  package var requestTimestamp: String?
  /// Of the answer, where the request has none.
  package var requestID: String

  package init(requestID: String) { self.requestID = requestID }
}

/// Why the fields of a request are none.
package enum IntakeFormError: Error, Equatable, Sendable {
  case invalid([IntakeFieldFault])
  /// The token belongs to another client than the request names.
  case otherClient
}

/// Collects the fields of a request, in any order; of a repeated one the last counts.
package struct IntakeForm: Sendable {
  private var values: [IntakeField: [UInt8]] = [:]

  package init() {}

  /// `bytes`: beyond `IntakeField.mostBytes` they may be cut.
  package mutating func set(_ field: IntakeField, _ bytes: [UInt8]) { values[field] = bytes }

  /// Where the frames belong as far as is known by now; nil: it is not known.
  package func device(_ sender: IntakeSender) -> DevicePair? {
    var faults: [IntakeFieldFault] = []
    guard let client = client(sender, &faults), let device = text(.deviceID, 1...128, &faults), faults.isEmpty else {
      return nil
    }
    return Self.pair(client, device)
  }

  /// The whole, checked. `received`: when the request came; `frames`: how many it has.
  package func request(
    _ sender: IntakeSender, received: FrameTime, frames: Int
  ) throws(IntakeFormError) -> IntakeRequest {
    var faults: [IntakeFieldFault] = []
    if let owner = sender.tokenClient {
      let claimed = [sender.headerClient, values[.clientID].flatMap { String(validating: $0, as: UTF8.self) }]
      guard claimed.allSatisfy({ $0 == nil || $0 == "" || $0 == owner }) else { throw .otherClient }
    }
    let client = client(sender, &faults)
    let device = text(.deviceID, 1...128, &faults)
    let timestamp = text(.timestamp, 1...64, &faults)
    if let timestamp, ParsedTime(timestamp) == nil { faults.append(IntakeFieldFault("timestamp", .invalid)) }
    let requestID = text(.requestID, 0...200, &faults)
    let secondaryKey = text(.secondaryKey, 0...200, &faults)
    let key = sender.idempotencyKey.flatMap { $0.isEmpty ? nil : $0 }
    if let key { check(key, "Idempotency-Key", 1...200, &faults) }
    if frames == 0 { faults.append(IntakeFieldFault("frame", .missing)) }
    guard faults.isEmpty, let client, let device, let timestamp, let pair = Self.pair(client, device) else {
      throw .invalid(faults)
    }
    var request = IntakeRequest(rawClient: client, rawDevice: device, device: pair, timestamp: timestamp)
    request.requestTime = sender.requestTimestamp.flatMap { ParsedTime($0) }?.time ?? received
    request.requestID = requestID ?? sender.requestID
    request.hasOwnRequestID = requestID != nil
    request.secondaryKey = secondaryKey
    request.location = location
    request.hasInvalidLocation = location == nil && hasLocation
    request.key = (key ?? requestID).map { SHA256.hex("\(pair)\n\($0)") }
    return request
  }

  private static func pair(_ client: String, _ device: String) -> DevicePair? {
    guard let client = SafeName(sanitising: client), let device = SafeName(sanitising: device) else { return nil }
    return DevicePair(client: client, device: device)
  }

  /// The token's, else the header's, else the field's.
  private func client(_ sender: IntakeSender, _ faults: inout [IntakeFieldFault]) -> String? {
    if let owner = sender.tokenClient { return owner }
    guard let header = sender.headerClient, !header.isEmpty else { return text(.clientID, 1...128, &faults) }
    return check(header, "X-Client-Id", 1...128, &faults)
  }

  /// Nil: it is absent, or as good as that, or no such text.
  private func text(
    _ field: IntakeField, _ lengths: ClosedRange<Int>, _ faults: inout [IntakeFieldFault]
  ) -> String? {
    guard let bytes = values[field], !bytes.isEmpty else {
      if lengths.lowerBound > 0 { faults.append(IntakeFieldFault(field.rawValue, .missing)) }
      return nil
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      let fault: IntakeFieldFault.Fault =
        bytes.count > IntakeField.mostBytes ? .tooLong(most: lengths.upperBound) : .invalid
      faults.append(IntakeFieldFault(field.rawValue, fault))
      return nil
    }
    return check(text, field.rawValue, lengths, &faults)
  }

  @discardableResult
  private func check(
    _ text: String, _ name: String, _ lengths: ClosedRange<Int>, _ faults: inout [IntakeFieldFault]
  ) -> String? {
    if text.unicodeScalars.count > lengths.upperBound {
      faults.append(IntakeFieldFault(name, .tooLong(most: lengths.upperBound)))
    } else if text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
      faults.append(IntakeFieldFault(name, .invalid))
    } else {
      return text
    }
    return nil
  }

  private var hasLocation: Bool {
    [.latitude, .longitude].contains { (field: IntakeField) in values[field]?.isEmpty == false }
  }

  private var location: FrameLocation? {
    func degrees(_ field: IntakeField) -> Double? {
      values[field].flatMap { String(validating: $0, as: UTF8.self) }.flatMap { Double($0) }
    }
    guard let latitude = degrees(.latitude), let longitude = degrees(.longitude) else { return nil }
    return FrameLocation(latitude: latitude, longitude: longitude)
  }
}

import FrameRecorder
import Testing

@Suite("The form of a request") struct IntakeFormTests {
  private let received = FrameTime(milliseconds: 1_795_219_200_123)

  private func form(_ fields: KeyValuePairs<IntakeField, String>) -> IntakeForm {
    var form = IntakeForm()
    for (field, value) in fields { form.set(field, Array(value.utf8)) }
    return form
  }

  private func faults(_ form: IntakeForm, _ sender: IntakeSender = IntakeSender(requestID: "r"), frames: Int = 1)
    -> [IntakeFieldFault]?
  {
    do {
      _ = try form.request(sender, received: received, frames: frames)
      return nil
    } catch {
      guard case .invalid(let faults) = error else { return [] }
      return faults
    }
  }

  @Test("What was sent is taken over, ids sanitised for the folder alone")
  func whole() throws {
    let form = form([
      .deviceID: "30:dd", .timestamp: "2026-11-21T04:14:22.8Z", .clientID: "a.b", .requestID: "q1", .latitude: "1.5",
      .longitude: "-2",
    ])
    let request = try form.request(IntakeSender(requestID: "r"), received: received, frames: 1)
    #expect(request.rawClient == "a.b" && request.rawDevice == "30:dd")
    #expect(request.device.description == "a_b:30_dd")
    #expect(request.timestamp == "2026-11-21T04:14:22.8Z" && request.requestTime == received)
    #expect(request.requestID == "q1")
    #expect(form.device(IntakeSender(requestID: "r"))?.description == "a_b:30_dd")
  }

  @Test(
    "A location that is none is left out, and told",
    arguments: [
      ("1", "2", false), ("", "", false), ("91", "2", true), ("1", "-180.5", true), ("1", "", true), ("x", "2", true),
      ("nan", "2", true),
    ])
  func location(latitude: String, longitude: String, isInvalid: Bool) throws {
    let form = form([
      .deviceID: "d", .clientID: "c", .timestamp: "1795219200", .latitude: latitude, .longitude: longitude,
    ])
    let request = try form.request(IntakeSender(requestID: "r"), received: received, frames: 1)
    #expect(request.hasInvalidLocation == isInvalid)
  }

  @Test("The time of the request is the header's, where it has one that is a time")
  func requestTime() throws {
    let form = form([.deviceID: "d", .clientID: "c", .timestamp: "1795219200"])
    for (text, milliseconds) in [("1795219201.5", 1_795_219_201_500), ("soon", received.milliseconds)] {
      var sender = IntakeSender(requestID: "r")
      sender.requestTimestamp = text
      let request = try form.request(sender, received: received, frames: 1)
      #expect(request.requestTime.milliseconds == milliseconds)
      #expect(request.requestID == "r")
    }
  }

  @Test("The client is the token's, else the header's, else the field's; a token's may not be denied")
  func client() throws {
    let named = form([.deviceID: "d", .clientID: "field", .timestamp: "1795219200"])
    let unnamed = form([.deviceID: "d", .timestamp: "1795219200"])
    func client(_ form: IntakeForm, token: String?, header: String?) throws -> String {
      var sender = IntakeSender(requestID: "r")
      (sender.tokenClient, sender.headerClient) = (token, header)
      return try form.request(sender, received: received, frames: 1).rawClient
    }
    #expect(try client(named, token: nil, header: nil) == "field")
    #expect(try client(named, token: nil, header: "header") == "header")
    #expect(try client(unnamed, token: nil, header: "header") == "header")
    #expect(try client(unnamed, token: "owner", header: nil) == "owner")
    #expect(try client(named, token: "field", header: "field") == "field")
    #expect(throws: IntakeFormError.otherClient) { try client(named, token: "owner", header: nil) }
    #expect(throws: IntakeFormError.otherClient) { try client(unnamed, token: "owner", header: "header") }
    #expect(throws: IntakeFormError.invalid([IntakeFieldFault("client_id", .missing)])) {
      try client(unnamed, token: nil, header: nil)
    }
  }

  @Test("Every wrong field is named")
  func wrong() {
    #expect(
      faults(IntakeForm(), frames: 0) == [
        IntakeFieldFault("client_id", .missing), IntakeFieldFault("device_id", .missing),
        IntakeFieldFault("timestamp", .missing), IntakeFieldFault("frame", .missing),
      ])
    let long = String(repeating: "ä", count: 201)
    #expect(
      faults(
        form([
          .deviceID: "a\u{7}", .clientID: String(long.prefix(129)), .timestamp: "noon", .requestID: long,
          .secondaryKey: "k\n",
        ])) == [
          IntakeFieldFault("client_id", .tooLong(most: 128)), IntakeFieldFault("device_id", .invalid),
          IntakeFieldFault("timestamp", .invalid), IntakeFieldFault("request_id", .tooLong(most: 200)),
          IntakeFieldFault("secondary_key", .invalid),
        ])
    var binary = form([.deviceID: "d", .clientID: "c", .timestamp: "1795219200"])
    binary.set(.deviceID, [0xFF, 0xFE])
    #expect(faults(binary) == [IntakeFieldFault("device_id", .invalid)])
    var sender = IntakeSender(requestID: "r")
    (sender.headerClient, sender.idempotencyKey) = (String(long.prefix(129)), long)
    #expect(
      faults(form([.deviceID: "d", .timestamp: "1795219200"]), sender) == [
        IntakeFieldFault("X-Client-Id", .tooLong(most: 128)), IntakeFieldFault("Idempotency-Key", .tooLong(most: 200)),
      ])
  }

  @Test("The last of a repeated field counts, and an empty one is none")
  func repeated() throws {
    var form = form([.deviceID: "d1", .clientID: "c", .timestamp: "1795219200", .requestID: ""])
    form.set(.deviceID, Array("d2".utf8))
    let request = try form.request(IntakeSender(requestID: "r"), received: received, frames: 1)
    #expect(request.rawDevice == "d2" && request.requestID == "r")
  }
}

import FrameRecorder
import JSONCoding
import TestKit
import Testing

@Suite struct FrameEventTests {
  /// A good event with some members changed; `.null` leaves one out.
  private func members(_ changes: [String: JSON] = [:]) -> [(String, JSON)] {
    var all: [String: JSON] = [
      "eventId": .string("e1"), "clientId": .string("a.b"), "deviceId": .string("30:dd"),
      "timestamp": .string("2026-11-21T04:14:22.827Z"), "framePath": .string("client_ids/a_b/x.jpg"),
    ]
    all.merge(changes) { _, new in new }
    return all.map { ($0.key, $0.value) }
  }

  private func event(_ changes: [String: JSON] = [:]) throws(FrameEventError) -> FrameEvent {
    try FrameEvent.parse(Array(JSON.object(members(changes)).text.utf8))
  }

  @Test func allFieldsInBothSpellings() throws {
    let optional: [(String, String, JSON)] = [
      ("requestTimestamp", "request_timestamp", .integer(1_795_234_400)), ("requestId", "request_id", .string("")),
      ("secondaryKey", "secondary_key", .string("k")),
    ]
    let location = JSON.object([("lat", .integer(-90)), ("lon", .number(179.5))])
    let required = [
      ("eventId", "event_id"), ("clientId", "client_id"), ("deviceId", "device_id"), ("framePath", "frame_path"),
    ]
    let camel = members(Dictionary(uniqueKeysWithValues: optional.map { ($0.0, $0.2) } + [("location", location)]))
    let spelling = Dictionary(uniqueKeysWithValues: required + optional.map { ($0.0, $0.1) })
    let snake = camel.map { (spelling[$0.0] ?? $0.0, $0.1) } + [("extra", JSON.bool(true))]
    let event = try FrameEvent(.object(camel))
    #expect(try FrameEvent(.object(snake)) == event)
    #expect(event.device == DevicePair("a_b:30_dd") && event.rawClientID == "a.b" && event.rawDeviceID == "30:dd")
    #expect(event.capture.milliseconds == 1_795_234_462_827 && event.eventID == "e1")
    #expect(event.framePath == "client_ids/a_b/x.jpg" && event.requestID == "" && event.secondaryKey == "k")
    #expect(event.requestTime?.milliseconds == 1_795_234_400_000 && event.notes == [])
    #expect(event.location == FrameLocation(latitude: -90, longitude: 179.5))
  }

  @Test func optionalFieldsMayBeAbsentOrNull() throws {
    let event = try event(["requestId": .null, "location": .null])
    #expect(event.requestID == nil && event.location == nil && event.requestTime == nil && event.secondaryKey == nil)
  }

  @Test(arguments: [
    "", "{", "[]", "\"x\"", "null", "{} x", "\u{FEFF}{}", #"{"eventId":"#,
  ])
  func whatIsNoObjectIsJSON(text: String) {
    #expect { try FrameEvent.parse(Array(text.utf8)) } throws: { ($0 as? FrameEventError)?.reason == .json }
  }

  @Test func atMost16KiB() throws {
    let length = JSON.object(members(["pad": .string("")])).text.utf8.count
    let padding = { String(repeating: "x", count: 16_384 - length + $0) }
    #expect(try event(["pad": .string(padding(0))]).eventID == "e1")
    #expect(throws: FrameEventError.json(detail: "16385 bytes, at most 16384")) {
      try event(["pad": .string(padding(1))])
    }
  }

  private static let bad: [(String, JSON)] = [
    ("eventId", .null), ("eventId", .string("")), ("eventId", .integer(5)), ("eventId", .string("a\nb")),
    ("eventId", .string(String(repeating: "x", count: 201))), ("eventId", .string("\u{85}")),
    ("clientId", .string("")), ("clientId", .string(String(repeating: "x", count: 129))), ("deviceId", .bool(true)),
    ("deviceId", .string("a\u{7F}")), ("timestamp", .string("yesterday")), ("timestamp", .object([])),
    ("timestamp", .null), ("framePath", .string("")), ("framePath", .string(String(repeating: "x", count: 1_025))),
    ("requestTimestamp", .string("x")), ("requestId", .integer(1)), ("secondaryKey", .string("\t")),
    ("secondaryKey", .string(String(repeating: "x", count: 201))),
  ]

  @Test(arguments: bad) func aBadFieldIsNamed(field: String, value: JSON) {
    #expect(throws: FrameEventError.invalid(fields: [field])) { try event([field: value]) }
  }

  @Test func whoseABadEventIsCanBeTold() {
    let named = FrameEvent.named(Array(#"{"client_id":"a.b","deviceId":"30:dd","timestamp":[]}"#.utf8))
    #expect(named == ("a.b", "30:dd"))
    for text in ["{]", "[]", #"{"clientId":1,"deviceId":""}"#] {
      #expect(FrameEvent.named(Array(text.utf8)) == ("", ""))
    }
  }

  @Test func allBadFieldsAreNamed() {
    let error = FrameEventError.invalid(fields: ["eventId", "deviceId", "timestamp", "requestId"])
    #expect(throws: error) {
      try event(["eventId": .null, "deviceId": .null, "timestamp": .bool(false), "requestId": .array([])])
    }
    #expect(error.reason == .invalid && error.detail == "eventId, deviceId, timestamp, requestId")
  }

  @Test func lengthsAreScalars() throws {
    let id = String(repeating: "é", count: 200)
    #expect(try event(["eventId": .string(id)]).eventID == id)
    #expect(try event(["clientId": .string(String(repeating: "🎥", count: 128))]).device.client.text.count == 128)
  }

  @Test(arguments: [
    JSON.string("here"), .object([("lat", .integer(1))]), .object([("lat", .integer(91)), ("lon", .integer(0))]),
    .object([("lat", .integer(0)), ("lon", .number(-180.1))]), .object([("lat", .string("1")), ("lon", .integer(2))]),
  ])
  func aLocationThatIsNoneIsIgnored(location: JSON) throws {
    let event = try event(["location": location])
    #expect(event.location == nil && event.notes == .invalidLocation)
  }

  @Test func aNaiveTimestampIsNoted() throws {
    #expect(try event(["timestamp": .string("2026-11-21T04:14:22")]).notes == .naiveTimestamp)
  }

  // MARK: Time rules

  private let rule = FrameTimeRule(clockSkewSeconds: 300, earliest: FrameTime(milliseconds: 1_420_070_400_000))

  @Test(arguments: [
    (1_795_234_462_827, 1_795_234_162_827, false), (1_795_234_462_828, 1_795_234_162_827, true),
    (1_420_070_400_000, 1_795_234_162_827, false), (1_420_070_399_999, 1_795_234_162_827, true),
    (0, 1_795_234_162_827, true), (1_795_320_862_827, 1_795_234_462_827, true),
  ])
  func timesThatCannotBeAreReplaced(capture: Int64, received: Int64, isReplaced: Bool) throws {
    var event = try event(["timestamp": .integer(abs(capture) <= 20_000_000_000 ? capture / 1_000 : capture)])
    rule.apply(to: &event, received: FrameTime(milliseconds: received))
    #expect(event.capture.milliseconds == (isReplaced ? received : capture))
    #expect(event.notes.contains(.clockSkew) == isReplaced)
  }

  @Test func theReceiveTimeIsTheFieldElseTheIDs() {
    let entry = EntryID(1_795_234_462_827, 4)
    #expect(FrameTimeRule.received(entry, field: nil).milliseconds == 1_795_234_462_827)
    #expect(FrameTimeRule.received(entry, field: "17").milliseconds == 17)
    #expect(FrameTimeRule.received(entry, field: "soon").milliseconds == 1_795_234_462_827)
  }
}

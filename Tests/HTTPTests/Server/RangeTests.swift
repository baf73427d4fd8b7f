import Testing

@testable import HTTP

@Suite struct RangeTests {
  @Test(arguments: [
    ("bytes=0-99", 1000, ByteRange.part(0..<100)), ("bytes=0-0", 1000, .part(0..<1)),
    ("bytes=500-", 1000, .part(500..<1000)), ("bytes=-100", 1000, .part(900..<1000)),
    ("bytes=-5000", 1000, .part(0..<1000)), ("bytes=900-5000", 1000, .part(900..<1000)),
    ("BYTES=1-2", 1000, .part(1..<3)), ("bytes= 1-2 ", 1000, .part(1..<3)),
    ("bytes=0-99999999999999999999999", 1000, .part(0..<1000)), ("bytes=999-", 1000, .part(999..<1000)),
    ("bytes=1000-", 1000, .unsatisfiable), ("bytes=1000-2000", 1000, .unsatisfiable),
    ("bytes=99999999999999999999999-", 1000, .unsatisfiable), ("bytes=-0", 1000, .unsatisfiable),
    ("bytes=0-", 0, .unsatisfiable), ("bytes=-1", 0, .whole),
    ("bytes=0-1,5-6", 1000, .whole), ("bytes=5-1", 1000, .whole), ("bytes=-", 1000, .whole),
    ("bytes=", 1000, .whole), ("bytes", 1000, .whole), ("bytes=a-b", 1000, .whole), ("bytes=+1-2", 1000, .whole),
    ("bytes=1-2-3", 1000, .whole), ("lines=0-1", 1000, .whole), ("", 1000, .whole), ("bytes=1 -2", 1000, .whole),
  ]) func ranges(field: String, total: Int64, expected: ByteRange) {
    #expect(ByteRange(field: field, total: total) == expected)
  }

  private static let memory = Memory(Array("0123456789".utf8))

  /// Three slices of ten bytes.
  private func representation(entityTag: String? = "\"v1\"") -> Representation {
    let start = Self.memory.start
    let slices = [(0, 4), (4, 1), (5, 5)].map { BodySlice(start: start + $0.0, count: $0.1) }
    return Representation(slices: slices, owner: Self.memory, entityTag: entityTag, headers: ["Content-Type": "x/y"])
  }

  private func text(_ response: HTTPResponse) -> String {
    guard case .slices(let slices, _) = response.body else { return "" }
    return slices.map { slice in
      String(decoding: UnsafeRawBufferPointer(start: slice.start, count: slice.count), as: UTF8.self)
    }.joined()
  }

  @Test(
    arguments: [
      ("GET", [:], 200, "0123456789", nil),
      ("GET", ["Range": "bytes=3-5"], 206, "345", "bytes 3-5/10"),
      ("GET", ["Range": "bytes=4-4"], 206, "4", "bytes 4-4/10"),
      ("GET", ["Range": "bytes=-2"], 206, "89", "bytes 8-9/10"),
      ("GET", ["Range": "bytes=10-"], 416, "", "bytes */10"),
      ("GET", ["Range": "bytes=1-2,4-5"], 200, "0123456789", nil),
      ("HEAD", ["Range": "bytes=3-5"], 200, "0123456789", nil),
      ("GET", ["Range": "bytes=3-5", "If-Range": "\"v1\""], 206, "345", "bytes 3-5/10"),
      ("GET", ["Range": "bytes=3-5", "If-Range": "\"v2\""], 200, "0123456789", nil),
      ("GET", ["Range": "bytes=3-5", "If-Range": "W/\"v1\""], 200, "0123456789", nil),
      ("GET", ["Range": "bytes=3-5", "If-Range": "Sun, 06 Nov 1994 08:49:37 GMT"], 200, "0123456789", nil),
      ("GET", ["If-None-Match": "\"v1\""], 304, "", nil),
      ("GET", ["If-None-Match": "\"a\", W/\"v1\""], 304, "", nil),
      ("GET", ["If-None-Match": "*"], 304, "", nil),
      ("HEAD", ["If-None-Match": "\"v1\""], 304, "", nil),
      ("GET", ["If-None-Match": "\"v2\"", "Range": "bytes=0-0"], 206, "0", "bytes 0-0/10"),
      ("GET", ["If-None-Match": "\"v1\"", "Range": "bytes=99-"], 304, "", nil),
    ] as [(String, [String: String], Int, String, String?)])
  func conditions(method: String, fields: [String: String], status: Int, body: String, range: String?) {
    var headers = HTTPHeaders()
    for (name, value) in fields { headers.add(name, value) }
    do {
      let response = try representation().response(to: testRequest(method, headers: headers))
      #expect(response.status.code == status && text(response) == body)
      #expect(response.headers["Content-Range"] == range)
      #expect(response.headers["ETag"] == "\"v1\"" && response.headers["Accept-Ranges"] == "bytes")
    } catch {
      #expect(error.status.code == status && error.headers["Content-Range"] == range)
      #expect(error.code == "range-invalid" && error.detail == .text("Range Not Satisfiable"))
    }
  }

  @Test func withoutATagNothingIsConditional() throws {
    let headers: HTTPHeaders = ["If-None-Match": "*", "If-Range": "\"v1\"", "Range": "bytes=1-2"]
    let response = try representation(entityTag: nil).response(to: testRequest(headers: headers))
    #expect(response.status == .ok && response.headers["ETag"] == nil)
  }
}

/// Memory that slices point into.
// Safe: written in `init` only.
final class Memory: @unchecked Sendable {
  private let base: UnsafeMutableRawPointer

  init(_ content: [UInt8]) {
    base = .allocate(byteCount: max(1, content.count), alignment: 1)
    content.withUnsafeBytes { UnsafeMutableRawBufferPointer(start: base, count: content.count).copyBytes(from: $0) }
  }

  var start: UnsafeRawPointer { UnsafeRawPointer(base) }

  deinit { base.deallocate() }
}

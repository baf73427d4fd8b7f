import Testing

@testable import HTTP

@Suite struct MultipartParserTests {
  /// What a body has, as text: `name(file;type)=content` each.
  private func parse(_ body: [UInt8], boundary: String = "b", pieces: [Int]) throws -> [String] {
    var parser = MultipartParser(try MultipartBoundary(contentType: "multipart/form-data; boundary=\"\(boundary)\""))
    var parts: [String] = []
    var content: [UInt8]?
    var offset = 0
    for end in pieces + [body.count] {
      for event in try parser.feed(Array(body[offset..<end])) {
        switch event {
        case .part(let head):
          #expect(content == nil)
          parts.append(head.name + (head.fileName.map { "(\($0);\(head.contentType ?? "-"))" } ?? ""))
          content = []
        case .data(let bytes):
          #expect(!bytes.isEmpty && content != nil)
          content? += bytes
        case .partEnd:
          parts[parts.count - 1] += "=" + String(decoding: content ?? [], as: UTF8.self)
          content = nil
        }
      }
      offset = end
    }
    try parser.finish()
    return parts
  }

  private func part(_ name: String, _ content: String, _ more: String = "") -> String {
    "--b\r\nContent-Disposition: form-data; name=\"\(name)\"\(more)\r\n\r\n\(content)\r\n"
  }

  private static let bodies: [(String, [String])] = [
    ("--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n1\r\n--b--\r\n", ["x=1"]),
    ("--b--", []),
    ("preamble\r\n--b--\r\nepilogue --b\r\n", []),
    ("\r\n--b \t\r\ncontent-disposition:form-data;name=x\r\n\r\n\r\n--b--", ["x="]),
    // Without content the line end of the header is that of the delimiter.
    ("--b\r\nContent-Disposition: form-data; name=x\r\n\r\n--b--", ["x="]),
    ("--b\r\nContent-Disposition: form-data; name=x\r\n\r\n--c\r\n--b--", ["x=--c"]),
    (
      "no --b\r\n--b\r\nContent-Disposition: form-data; name=x\r\n\r\n-\r\r\n-\r\n--\r\n--a\r\n\r\n--b--",
      ["x=-\r\r\n-\r\n--\r\n--a\r\n"]
    ),
    (
      "--b\r\nContent-Disposition: form-data;\r\n name=\"f\"; filename=\"a\\\"b\\c;.jpg\"\r\nContent-Type: image/jpeg"
        + "\r\n\r\n\r\n\r\n--b\r\nX: y\r\nContent-Disposition: form-data; name=g\r\n\r\nz\r\n--b--\r\n",
      ["f(a\"b\\c;.jpg;image/jpeg)=\r\n", "g=z"]
    ),
  ]

  @Test(arguments: bodies) func tableOfBodiesInPiecesOfAnySize(text: String, parts: [String]) throws {
    let body = Array(text.utf8)
    for size in 1...body.count {
      #expect(try parse(body, pieces: Array(stride(from: size, to: body.count, by: size))) == parts)
    }
  }

  @Test(arguments: bodies) func everyPlaceToSplitAt(text: String, parts: [String]) throws {
    let body = Array(text.utf8)
    for first in 0...body.count {
      #expect(try parse(body, pieces: [first]) == parts)
      for second in first...min(first + 6, body.count) { #expect(try parse(body, pieces: [first, second]) == parts) }
    }
  }

  @Test(arguments: [
    ("", MultipartError.truncated), ("nothing", .truncated), ("--b", .truncated), ("--b-", .truncated),
    ("--b\r\n", .truncated), ("--b\r\nContent-Disposition: form-data; name=x\r\n\r\nabc\r\n--b", .truncated),
    ("--bc\r\n", .malformedDelimiter), ("--b\n", .malformedDelimiter), ("--b \r\r", .malformedDelimiter),
    ("--b-x", .malformedDelimiter), ("--b\r\n\r\n", .missingName), ("--b\r\nX: y\r\n\r\n", .missingName),
    ("--b\r\nContent-Disposition: form-data\r\n\r\n", .missingName),
    ("--b\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n", .missingName),
    ("--b\r\nContent-Disposition: attachment; name=x\r\n\r\n", .missingName),
    ("--b\r\nContent-Disposition: form-data; name=\"x\r\n\r\n", .malformedHeader),
    ("--b\r\nContent-Disposition: form-data; name=\"x\"y\r\n\r\n", .malformedHeader),
    ("--b\r\nContent-Disposition\r\n\r\n", .malformedHeader), ("--b\r\nA B: c\r\n\r\n", .malformedHeader),
    ("--b\r\n: c\r\n\r\n", .malformedHeader), ("--b\r\nX: y\n\r\n", .malformedHeader),
    ("--b\r\nContent-Transfer-Encoding: BASE64\r\nContent-Disposition: form-data; name=x\r\n\r\n", .encodedPart),
    ("--b\r\nX: " + String(repeating: "y", count: 8_200), .headerTooLarge),
    ("--b\r\n" + String(repeating: "X: y\r\n", count: 33), .headerTooLarge),
  ]) func whatIsNoneIsNamed(text: String, error: MultipartError) {
    let body = Array(text.utf8)
    for size in [1, 7, max(1, body.count)] {
      #expect(throws: error) { try parse(body, pieces: Array(stride(from: size, to: body.count, by: size))) }
    }
  }

  @Test(arguments: [
    ("multipart/form-data; boundary=abc", "abc"), ("Multipart/Form-Data;charset=x; BOUNDARY=\"a b:c\"", "a b:c"),
    ("multipart/form-data; boundary=" + String(repeating: "x", count: 70), String(repeating: "x", count: 70)),
  ]) func boundaries(contentType: String, text: String) throws {
    #expect(try MultipartBoundary(contentType: contentType).text == text)
  }

  @Test(
    arguments: [
      (nil, MultipartError.notMultipart), ("application/json", .notMultipart), ("", .notMultipart),
      ("multipart/mixed; boundary=a", .notMultipart), ("multipart/form-data", .invalidBoundary),
      ("multipart/form-data; boundary=", .invalidBoundary), ("multipart/form-data; boundary=\"a \"", .invalidBoundary),
      ("multipart/form-data; boundary=a\u{1}", .invalidBoundary),
      ("multipart/form-data; boundary=" + String(repeating: "x", count: 71), .invalidBoundary),
    ] as [(String?, MultipartError)]) func whatIsNoBoundary(contentType: String?, error: MultipartError)
  {
    #expect(throws: error) { try MultipartBoundary(contentType: contentType) }
  }

  /// Contents of bytes that delimiters are made of, in pieces of any size.
  @Test func randomContentsComeOutAsTheyWentIn() throws {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<400 {
      let boundary = String((0..<Int.random(in: 1...5, using: &generator)).map { _ in Bool.random() ? "-" : "b" })
      var body: [UInt8] = []
      var expected: [String] = []
      for number in 0..<Int.random(in: 0...4, using: &generator) {
        let content = (0..<Int.random(in: 0...40, using: &generator)).map { _ in "\r\n-bx".utf8.randomElement() ?? 0 }
        let text = String(decoding: content, as: UTF8.self)
        if ("\r\n" + text + "\r\n").utf8.contains("\r\n--\(boundary)".utf8) { continue }
        // The end of a content and the line end behind it must not be the start of another delimiter.
        body += Array("--\(boundary)\r\nContent-Disposition: form-data; name=\(number)\r\n\r\n\(text)\r\n".utf8)
        expected.append("\(number)=\(text)")
      }
      body += Array("--\(boundary)--\r\n".utf8)
      let pieces = (0..<Int.random(in: 0...12, using: &generator)).map { _ in Int.random(in: 0...body.count) }.sorted()
      let found = try parse(body, boundary: boundary, pieces: pieces)
      #expect(
        found == expected, "boundary \(boundary), body \(String(reflecting: String(decoding: body, as: UTF8.self)))")
    }
  }

  @Test func noBytesMakeItFail() {
    var generator = SystemRandomNumberGenerator()
    let pieces = ["--b", "\r\n", "--", "Content-Disposition: form-data; name=x", "\"", "b", ":", "\r", "\n", "\u{0}"]
    for _ in 0..<2_000 {
      let text = (0..<Int.random(in: 0...20)).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
      _ = try? parse(Array(text.utf8), pieces: [])
    }
  }
}

extension String.UTF8View {
  fileprivate func contains(_ other: String.UTF8View) -> Bool {
    let (bytes, wanted) = (Array(self), Array(other))
    guard bytes.count >= wanted.count else { return false }
    return (0...bytes.count - wanted.count).contains { bytes[$0..<$0 + wanted.count].elementsEqual(wanted) }
  }
}

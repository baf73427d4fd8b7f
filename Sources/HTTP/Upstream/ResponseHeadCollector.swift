/// Makes a response head of the lines that libcurl hands over one by one.
struct ResponseHeadCollector {
  /// Together, in bytes, and in number.
  static let maxBytes = 65_536
  static let maxLines = 256

  private(set) var status = 0
  private(set) var headers: [UpstreamHeader] = []
  private var bytes = 0

  enum Action: Equatable {
    case more
    /// The head ends here; `status` and `headers` are those of a response that is not 1xx.
    case complete
    case tooLarge
  }

  /// `line` with or without its line end.
  mutating func line(_ line: UnsafeRawBufferPointer) -> Action {
    bytes += line.count
    guard bytes <= ResponseHeadCollector.maxBytes, headers.count < ResponseHeadCollector.maxLines else {
      return .tooLarge
    }
    var content = line[...]
    while let last = content.last, last == 0x0a || last == 0x0d { content = content.dropLast() }
    if content.isEmpty { return status >= 200 ? .complete : .more }
    let text = String(decoding: content, as: UTF8.self)
    if text.hasPrefix("HTTP/") || text.hasPrefix("ICY ") {
      begin(text)
    } else if let colon = text.firstIndex(of: ":") {
      let value = text[text.index(after: colon)...]
      headers.append(UpstreamHeader(String(text[..<colon]), ResponseHeadCollector.trimmed(value)))
    }
    return .more
  }

  private mutating func begin(_ statusLine: String) {
    headers = []
    let words = statusLine.split(separator: " ", maxSplits: 2)
    status = words.count > 1 ? Int(words[1]) ?? 0 : 0
  }

  /// Where a redirect leads (RFC 9110 §15.4).
  var redirectLocation: String? {
    switch status {
    case 301, 302, 303, 307, 308: headers.value(of: "location").flatMap { $0.isEmpty ? nil : $0 }
    default: nil
    }
  }

  /// The Content-Length of a body that is not chunked (RFC 9112 §6.3).
  var announcedLength: UInt64? {
    guard headers.value(of: "transfer-encoding") == nil else { return nil }
    return headers.value(of: "content-length").flatMap { UInt64($0) }
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text
    while let last = text.last, last == " " || last == "\t" { text = text.dropLast() }
    return String(text.drop { $0 == " " || $0 == "\t" })
  }
}

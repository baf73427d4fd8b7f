internal import CHTTPParser

/// http_parser with what it gives collected, one request at a time. It stops behind the head, where a route may have
/// another limit for the body (`limitBody`), and behind the message.
///
/// Beyond the library: an exact limit for the head and one for the body, whatever its framing; no folded lines
/// (RFC 9112 §5.2); the rules of `RequestHeadRules`.
struct RequestParser {
  enum Event {
    case more
    case head(RequestHead)
    case message
    /// The connection is of no more use. The bytes behind mean nothing.
    case refused(Problem)
  }

  private let maxHeaderBytes: Int
  private var parser = http_parser()
  private var parts = RequestParts()
  private var headBytes = 0
  /// Bytes of chunk framing and trailers.
  private var framingBytes = 0
  private var endsWithLineFeed = false
  private var isHeadComplete = false

  init(maxHeaderBytes: Int) {
    self.maxHeaderBytes = maxHeaderBytes
    reset()
  }

  /// Begins the next request.
  mutating func reset() {
    ParserCallbacks.prepareLibrary
    http_parser_init(&parser, HTTP_REQUEST)
    parts = RequestParts()
    (headBytes, framingBytes, endsWithLineFeed, isHeadComplete) = (0, 0, false, false)
  }

  /// Says behind the head how many bytes the body may have. False: its length is greater already.
  mutating func limitBody(of head: RequestHead, to count: Int) -> Bool {
    parts.maxBodyBytes = count
    return head.contentLength <= UInt64(max(0, count))
  }

  /// The body so far; it is given away.
  mutating func takeBody() -> [UInt8] {
    defer { parts.body = [] }
    return parts.body
  }

  /// Takes bytes up to the next event and says how many.
  mutating func feed(_ bytes: UnsafeRawBufferPointer) -> (consumed: Int, event: Event) {
    if bytes.isEmpty { return (0, .more) }
    return isHeadComplete ? feedBody(bytes) : feedHead(bytes)
  }

  private mutating func feedHead(_ bytes: UnsafeRawBufferPointer) -> (consumed: Int, event: Event) {
    let allowed = UnsafeRawBufferPointer(rebasing: bytes.prefix(maxHeaderBytes - headBytes))
    let consumed = ParserCallbacks.run(&parser, &parts, allowed)
    defer { headBytes += consumed }
    if hasFoldedLine(allowed.prefix(consumed)) { return (consumed, .refused(.badRequest("A header line is folded"))) }
    switch http_errno(rawValue: parser.http_errno) {
    case HPE_PAUSED: return (consumed, headCompleted())
    case HPE_OK:
      return (consumed, headBytes + consumed >= maxHeaderBytes ? .refused(.headerTooLarge) : .more)
    case HPE_INVALID_METHOD where headBytes == 0 && Self.beginsWithToken(bytes):
      return (consumed, .refused(.notImplemented("The method is not supported")))
    default: return (consumed, .refused(failure))
    }
  }

  /// A line that begins with a blank continues the line before.
  private mutating func hasFoldedLine(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
    var isFolded = false
    for byte in bytes {
      if endsWithLineFeed && (byte == 0x20 || byte == 0x09) { isFolded = true }
      endsWithLineFeed = byte == 0x0A
    }
    return isFolded
  }

  private static func beginsWithToken(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let token = bytes.prefix { $0 != 0x20 }
    return (1...32).contains(token.count) && token.count < bytes.count && token.allSatisfy(HeaderText.isTokenByte)
  }

  private mutating func headCompleted() -> Event {
    isHeadComplete = true
    http_parser_pause(&parser, 0)
    parts.endField()
    // An Upgrade is not taken up: the request goes on as what it is.
    parser.upgrade = 0
    let flags = parser.flags
    let hasLength = flags & UInt32(F_CONTENTLENGTH.rawValue) != 0
    let method = String(cString: http_method_str(http_method(rawValue: parser.method)))
    if let problem = RequestHeadRules.refusal(
      method: method, major: Int(parser.http_major), minor: Int(parser.http_minor), headers: parts.headers)
    {
      return .refused(problem)
    }
    let hasBody = flags & UInt32(F_CHUNKED.rawValue) != 0 || (hasLength && parser.content_length > 0)
    let minor = min(1, Int(parser.http_minor))
    return .head(
      RequestHead(
        method: method, target: parts.target, headers: parts.headers, minorVersion: minor,
        keepsAlive: http_should_keep_alive(&parser) != 0, contentLength: hasLength ? parser.content_length : 0,
        expectsContinue: hasBody && minor == 1 && parts.headers.contains("Expect")))
  }

  private mutating func feedBody(_ bytes: UnsafeRawBufferPointer) -> (consumed: Int, event: Event) {
    let before = parts.bodyBytes
    let consumed = ParserCallbacks.run(&parser, &parts, bytes)
    framingBytes += consumed - (parts.bodyBytes - before)
    if parts.isBodyTooLarge { return (consumed, .refused(.bodyTooLarge)) }
    switch http_errno(rawValue: parser.http_errno) {
    case HPE_PAUSED: return (consumed, .message)
    case HPE_OK:
      let isWasteful = framingBytes > maxHeaderBytes + 8 * parts.bodyBytes
      return (consumed, isWasteful ? .refused(.badRequest("There is more chunk framing than body")) : .more)
    default: return (consumed, .refused(failure))
    }
  }

  private var failure: Problem {
    let text = String(cString: http_errno_description(http_errno(rawValue: parser.http_errno)))
    return .badRequest("Malformed request: " + text)
  }
}

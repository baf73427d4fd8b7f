internal import CHTTPParser

/// A request head as it came.
struct EgressHead: Hashable {
  var method = ""
  var target = ""
  var minorVersion: UInt16 = 1
  var headers: [UpstreamHeader] = []
  var contentLength: UInt64?
  var isChunked = false
}

/// Reads one request head with http_parser; it never looks at what follows.
final class EgressHeadParser {
  enum Outcome: Equatable {
    case more
    /// `consumed`: how many of the bytes just given belong to the head.
    case complete(EgressHead, consumed: Int)
    case refused(EgressRefusal)
  }

  private var parser = http_parser()
  private var settings = http_parser_settings()
  private let maxBytes: Int
  private var bytes = 0
  private var target: [UInt8] = []
  private var fields: [(name: [UInt8], value: [UInt8])] = []
  private var isInValue = false
  private var isComplete = false

  init(maxBytes: Int) {
    self.maxBytes = maxBytes
    http_parser_init(&parser, HTTP_REQUEST)
    http_parser_settings_init(&settings)
    settings.on_url = { parser, bytes, count in
      EgressHeadParser.from(parser)?.target += EgressHeadParser.slice(bytes, count)
      return 0
    }
    settings.on_header_field = { parser, bytes, count in
      EgressHeadParser.from(parser)?.field(EgressHeadParser.slice(bytes, count))
      return 0
    }
    settings.on_header_value = { parser, bytes, count in
      EgressHeadParser.from(parser)?.value(EgressHeadParser.slice(bytes, count))
      return 0
    }
    settings.on_headers_complete = { parser in
      EgressHeadParser.from(parser)?.isComplete = true
      return 2  // no body to parse: http_parser returns right behind the head
    }
  }

  private static func from(_ parser: UnsafeMutablePointer<http_parser>?) -> EgressHeadParser? {
    (parser?.pointee.data).map { Unmanaged<EgressHeadParser>.fromOpaque($0).takeUnretainedValue() }
  }

  private static func slice(_ bytes: UnsafePointer<CChar>?, _ count: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: bytes, count: count)
  }

  private func field(_ bytes: UnsafeRawBufferPointer) {
    if isInValue || fields.isEmpty { fields.append(([], [])) }
    isInValue = false
    fields[fields.count - 1].name += bytes
  }

  private func value(_ bytes: UnsafeRawBufferPointer) {
    isInValue = true
    fields[fields.count - 1].value += bytes
  }

  func feed(_ input: UnsafeRawBufferPointer) -> Outcome {
    // The callbacks change other parts of this object while http_parser works on a copy of its state.
    var state = parser
    state.data = Unmanaged.passUnretained(self).toOpaque()
    var callbacks = settings
    let consumed = http_parser_execute(
      &state, &callbacks, input.assumingMemoryBound(to: CChar.self).baseAddress, input.count)
    parser = state
    bytes += consumed
    if bytes > maxBytes { return .refused(.headTooLarge) }
    if isComplete { return .complete(head(), consumed: consumed) }
    switch http_errno(rawValue: UInt32(state.http_errno)) {
    case HPE_OK: return .more
    case HPE_HEADER_OVERFLOW: return .refused(.headTooLarge)
    default: return .refused(.malformed)
    }
  }

  private func head() -> EgressHead {
    EgressHead(
      method: String(cString: http_method_str(http_method(rawValue: UInt32(parser.method)))),
      target: String(decoding: target, as: UTF8.self), minorVersion: parser.http_minor,
      headers: fields.map {
        UpstreamHeader(String(decoding: $0.name, as: UTF8.self), String(decoding: $0.value, as: UTF8.self))
      },
      contentLength: parser.content_length == UInt64.max ? nil : parser.content_length,
      isChunked: UInt32(parser.flags) & F_CHUNKED.rawValue != 0)
  }
}

internal import CHTTPParser

/// http_parser's C callbacks, over a `RequestParts` that `data` points to while `run` lasts.
enum ParserCallbacks {
  /// The library's own limit would be 80 KiB; ours is exact and comes first.
  static let prepareLibrary: Void = http_parser_set_max_header_size(.max)

  // Safe: made once, never changed.
  private nonisolated(unsafe) static let settings: UnsafePointer<http_parser_settings> = {
    let settings = UnsafeMutablePointer<http_parser_settings>.allocate(capacity: 1)
    settings.initialize(to: http_parser_settings())
    settings.pointee.on_url = { parser, start, count in
      ParserCallbacks.parts(parser) { $0.addTarget(UnsafeRawBufferPointer(start: start, count: count)) }
    }
    settings.pointee.on_header_field = { parser, start, count in
      ParserCallbacks.parts(parser) { $0.addName(UnsafeRawBufferPointer(start: start, count: count)) }
    }
    settings.pointee.on_header_value = { parser, start, count in
      ParserCallbacks.parts(parser) { $0.addValue(UnsafeRawBufferPointer(start: start, count: count)) }
    }
    settings.pointee.on_headers_complete = { parser in
      http_parser_pause(parser, 1)
      return ParserCallbacks.parts(parser) { $0.endHead() }
    }
    settings.pointee.on_body = { parser, start, count in
      var fits = false
      _ = ParserCallbacks.parts(parser) { fits = $0.addBody(UnsafeRawBufferPointer(start: start, count: count)) }
      return fits ? 0 : 1
    }
    settings.pointee.on_message_complete = { parser in
      http_parser_pause(parser, 1)
      return 0
    }
    return UnsafePointer(settings)
  }()

  private static func parts(_ parser: UnsafeMutablePointer<http_parser>?, _ change: (inout RequestParts) -> Void)
    -> Int32
  {
    guard let data = parser?.pointee.data else { return 1 }
    change(&data.assumingMemoryBound(to: RequestParts.self).pointee)
    return 0
  }

  /// How many bytes were consumed; the rest is in the parser and the parts.
  static func run(_ parser: inout http_parser, _ parts: inout RequestParts, _ bytes: UnsafeRawBufferPointer) -> Int {
    withUnsafeMutablePointer(to: &parts) { parts in
      parser.data = UnsafeMutableRawPointer(parts)
      defer { parser.data = nil }
      return http_parser_execute(&parser, settings, bytes.baseAddress, bytes.count)
    }
  }
}

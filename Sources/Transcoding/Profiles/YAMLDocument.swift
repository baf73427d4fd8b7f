import CYAML

/// The first document of a YAML 1.1 text as a tree, through libyaml's events. Tags are ignored; `~`, `null` and an
/// absent value are null, all other plain scalars are texts. Depth, size and aliases are bounded.
package struct YAMLDocument {
  package static func parse(_ bytes: [UInt8]) throws(DocumentError) -> DocumentValue {
    // libyaml keeps the parser's own address: it must not move.
    let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    defer { parser.deallocate() }
    guard yaml_parser_initialize(parser) == 1 else { throw DocumentError(line: nil, reason: "out of memory") }
    defer { yaml_parser_delete(parser) }
    let result: Result<DocumentValue, DocumentError> = bytes.withUnsafeBufferPointer { buffer in
      yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
      do throws(DocumentError) {
        var reader = YAMLDocument(parser: parser)
        return .success(try reader.document())
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private enum Event {
    case scalar(String, anchor: String?, isPlain: Bool)
    case alias(String)
    case sequenceStart(anchor: String?)
    case mappingStart(anchor: String?)
    case end
    case documentStart
    case streamEnd
    case other
  }

  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private var nodes = 0
  private var aliases = 0
  private var anchors: [String: (value: DocumentValue, size: Int)] = [:]

  private init(parser: UnsafeMutablePointer<yaml_parser_t>) { self.parser = parser }

  private mutating func document() throws(DocumentError) -> DocumentValue {
    while true {
      switch try next() {
      case .streamEnd: return .null
      case .documentStart: return try value(try next(), depth: 0)
      default: continue
      }
    }
  }

  private mutating func value(
    _ event: Event, depth: Int
  ) throws(DocumentError) -> DocumentValue {
    nodes += 1
    let first = nodes
    guard depth <= DocumentLimits.depth else { throw failure("nested too deeply") }
    guard nodes <= DocumentLimits.nodes else { throw failure("too many values") }
    switch event {
    case .scalar(let text, let anchor, let isPlain):
      let isNull = isPlain && ["", "~", "null", "Null", "NULL"].contains(text)
      return remember(isNull ? .null : .scalar(text), anchor, since: first)
    case .alias(let name): return try repeated(name)
    case .sequenceStart(let anchor): return remember(try sequence(depth: depth), anchor, since: first)
    case .mappingStart(let anchor): return remember(try mapping(depth: depth), anchor, since: first)
    case .end, .documentStart, .streamEnd, .other: throw failure("unexpected end")
    }
  }

  private mutating func sequence(depth: Int) throws(DocumentError) -> DocumentValue {
    var items: [DocumentValue] = []
    while true {
      let event = try next()
      if case .end = event { return .sequence(items) }
      items.append(try value(event, depth: depth + 1))
    }
  }

  private mutating func mapping(depth: Int) throws(DocumentError) -> DocumentValue {
    var entries: [DocumentValue.Entry] = []
    var keys: Set<String> = []
    while true {
      let event = try next()
      if case .end = event { return .mapping(entries) }
      guard case .scalar(let key, _, _) = event else { throw failure("a key must be a text") }
      guard keys.insert(key).inserted else { throw failure("the key '\(key)' is there twice") }
      entries.append(.init(key: key, value: try value(try next(), depth: depth + 1)))
    }
  }

  private mutating func remember(_ value: DocumentValue, _ anchor: String?, since first: Int) -> DocumentValue {
    if let anchor { anchors[anchor] = (value, nodes - first + 1) }
    return value
  }

  private mutating func repeated(_ name: String) throws(DocumentError) -> DocumentValue {
    guard let anchor = anchors[name] else { throw failure("the alias '\(name)' has no anchor") }
    aliases += 1
    nodes += anchor.size
    guard aliases <= DocumentLimits.aliases else { throw failure("too many aliases") }
    guard nodes <= DocumentLimits.nodes else { throw failure("aliases repeat too many values") }
    return anchor.value
  }

  // MARK: libyaml

  private func next() throws(DocumentError) -> Event {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else {
      let problem = parser.pointee.problem.map { String(cString: $0) } ?? "it is not YAML"
      throw DocumentError(line: Int(parser.pointee.problem_mark.line) + 1, reason: problem)
    }
    defer { yaml_event_delete(&event) }
    switch event.type {
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      return .scalar(text, anchor: Self.text(scalar.anchor), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
    case YAML_ALIAS_EVENT: return .alias(Self.text(event.data.alias.anchor) ?? "")
    case YAML_SEQUENCE_START_EVENT: return .sequenceStart(anchor: Self.text(event.data.sequence_start.anchor))
    case YAML_MAPPING_START_EVENT: return .mappingStart(anchor: Self.text(event.data.mapping_start.anchor))
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return .end
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_STREAM_END_EVENT: return .streamEnd
    default: return .other
    }
  }

  private static func text(_ bytes: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    bytes.map { String(cString: UnsafePointer($0)) }
  }

  private func failure(_ reason: String) -> DocumentError {
    DocumentError(line: Int(parser.pointee.mark.line) + 1, reason: reason)
  }
}

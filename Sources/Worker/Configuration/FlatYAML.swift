internal import CYAML

/// Reads a YAML (or JSON) document that is one flat map of names to scalars, or to lists of scalars, which count as
/// comma lists. A plain null counts as not given; anchors, nesting and further documents are problems.
struct FlatYAML {
  private(set) var settings: [GivenSetting] = []
  private(set) var problems: [ConfigurationProblem] = []
  private let file: String

  /// `file` is how the problems and origins name it.
  init(_ text: String, file: String) {
    self.file = file
    let events = YAMLEvents(text)
    var iterator = Reader(events: events.events[...])
    while let step = iterator.next() {
      switch step {
      case .pair(let name, let value, let line):
        settings.append(GivenSetting(name: name, value: value, origin: .file(file, line: line)))
      case .problem(let message, let line): add(message, line)
      }
    }
    if let failure = events.failure { add(failure.message, failure.line) }
  }

  private mutating func add(_ message: String, _ line: Int) {
    problems.append(ConfigurationProblem(name: "\(file) line \(line)", message: message))
  }

  /// Goes through the events of a document, and past what does not belong in it.
  private struct Reader {
    enum Step {
      case pair(name: String, value: String, line: Int)
      case problem(String, line: Int)
    }

    var events: ArraySlice<YAMLEvents.Event>
    private var isInMap = false

    init(events: ArraySlice<YAMLEvents.Event>) { self.events = events }

    mutating func next() -> Step? {
      guard let event = events.popFirst() else { return nil }
      switch event.kind {
      case .mapStart where !isInMap:
        isInMap = true
        return next()
      case .mapEnd: return next()
      case .scalar(let name, _) where isInMap: return pair(name: name, line: event.line)
      case .scalar("", isPlain: true): return next()  // an empty document
      case .scalar, .mapStart, .listStart, .listEnd, .alias:
        events = []
        return .problem("one flat map of settings is expected, such as PORT: 8085", line: event.line)
      }
    }

    private mutating func pair(name: String, line: Int) -> Step? {
      guard let event = events.popFirst() else { return nil }
      switch event.kind {
      case .scalar(let value, let isPlain):
        let isNull = isPlain && ["", "~", "null"].contains(value.lowercased())
        return .pair(name: name, value: isNull ? "" : value.trimmed, line: line)
      case .listStart: return list(name: name, line: line)
      case .mapStart:
        skip()
        return .problem("\(name) holds a map; settings are flat, such as PORT: 8085", line: line)
      case .alias: return .problem("\(name) holds an alias; write the value out", line: line)
      case .listEnd, .mapEnd: return next()
      }
    }

    private mutating func list(name: String, line: Int) -> Step? {
      var items: [String] = []
      while let event = events.popFirst() {
        switch event.kind {
        case .scalar(let item, _): items.append(item)
        case .listEnd: return .pair(name: name, value: items.joined(separator: ","), line: line)
        case .listStart, .mapStart, .mapEnd, .alias:
          skip()
          return .problem("\(name): a list may hold plain values only", line: line)
        }
      }
      return nil
    }

    /// Past the end of the map or list that has just begun, or of the one around it.
    private mutating func skip() {
      var depth = 1
      while depth > 0, let event = events.popFirst() {
        switch event.kind {
        case .mapStart, .listStart: depth += 1
        case .mapEnd, .listEnd: depth -= 1
        case .scalar, .alias: break
        }
      }
    }
  }
}

/// The events of libyaml's parser, up to its first error.
struct YAMLEvents {
  struct Event {
    enum Kind {
      case scalar(String, isPlain: Bool)
      case mapStart, mapEnd, listStart, listEnd, alias
    }

    let kind: Kind
    /// From 1.
    let line: Int
  }

  private(set) var events: [Event] = []
  private(set) var failure: (message: String, line: Int)?

  init(_ text: String) {
    let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    defer { parser.deallocate() }
    guard yaml_parser_initialize(parser) == 1 else { return }
    defer { yaml_parser_delete(parser) }
    let bytes = Array(text.utf8)
    bytes.withUnsafeBufferPointer { bytes in
      yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
      while step(parser) {}
    }
  }

  /// Takes one event; false after the last.
  private mutating func step(_ parser: UnsafeMutablePointer<yaml_parser_t>) -> Bool {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else {
      let problem = parser.pointee.problem.map { String(cString: $0) } ?? "no YAML"
      failure = (problem, Int(parser.pointee.problem_mark.line) + 1)
      return false
    }
    defer { yaml_event_delete(&event) }
    if event.type == YAML_STREAM_END_EVENT { return false }
    if let kind = kind(of: event) { events.append(Event(kind: kind, line: Int(event.start_mark.line) + 1)) }
    return true
  }

  private func kind(of event: yaml_event_t) -> Event.Kind? {
    switch event.type {
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      return .scalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
    case YAML_MAPPING_START_EVENT: return .mapStart
    case YAML_MAPPING_END_EVENT: return .mapEnd
    case YAML_SEQUENCE_START_EVENT: return .listStart
    case YAML_SEQUENCE_END_EVENT: return .listEnd
    case YAML_ALIAS_EVENT: return .alias
    default: return nil
    }
  }
}

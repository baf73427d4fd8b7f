/// A filter graph cut into its filters as libavfilter does it (FFmpeg's filtering guide, "Filtergraph syntax"; the
/// quoting rules are those of `av_get_token`). Stricter where that costs nobody anything: names are plain, quotes are
/// closed.
struct FilterGraph: Equatable {
  struct Filter: Equatable {
    let name: String
    /// Values after one level of unquoting, names nil for those given by position.
    let options: [Option]
  }

  struct Option: Equatable {
    let name: String?
    let value: String
  }

  let filters: [Filter]

  /// Nil if the text is not a filter graph.
  init?(_ text: String) {
    var reader = QuotedTextReader(Array(text.utf8))
    var filters: [Filter] = []
    guard Self.skipScalerFlags(&reader) else { return nil }
    repeat {
      guard Self.skipLabels(&reader), let filter = Self.filter(&reader), Self.skipLabels(&reader) else { return nil }
      filters.append(filter)
      reader.skipBlanks()
    } while reader.take(anyOf: ",;")
    guard reader.isAtEnd else { return nil }
    self.filters = filters
  }

  /// `sws_flags=bicubic;` in front.
  private static func skipScalerFlags(_ reader: inout QuotedTextReader) -> Bool {
    reader.skipBlanks()
    guard reader.take(exactly: "sws_flags=") else { return true }
    guard let flags = reader.token(until: ";"), ASCII.matches(flags, others: "_+", length: 128) else { return false }
    return reader.take(anyOf: ";")
  }

  private static func skipLabels(_ reader: inout QuotedTextReader) -> Bool {
    reader.skipBlanks()
    while reader.take(anyOf: "[") {
      guard let label = reader.token(until: "]"), ASCII.matches(label, others: "_:#.-", length: 64),
        reader.take(anyOf: "]")
      else { return false }
      reader.skipBlanks()
    }
    return true
  }

  private static func filter(_ reader: inout QuotedTextReader) -> Filter? {
    guard let nameAndInstance = reader.token(until: "=,;["), ASCII.matches(nameAndInstance, others: "_@", length: 80)
    else { return nil }
    let pieces = nameAndInstance.split(separator: "@", omittingEmptySubsequences: false)
    guard pieces.count <= 2, pieces.allSatisfy({ !$0.isEmpty }) else { return nil }
    guard reader.take(anyOf: "=") else { return Filter(name: String(pieces[0]), options: []) }
    guard let arguments = reader.token(until: "[],;"), let options = options(arguments) else { return nil }
    return Filter(name: String(pieces[0]), options: options)
  }

  private static func options(_ text: String) -> [Option]? {
    var reader = QuotedTextReader(Array(text.utf8))
    var options: [Option] = []
    while !reader.isAtEnd {
      let name = reader.optionName()
      guard let value = reader.token(until: ":") else { return nil }
      options.append(Option(name: name, value: value))
      if !reader.take(anyOf: ":") { break }
    }
    return reader.isAtEnd ? options : nil
  }
}

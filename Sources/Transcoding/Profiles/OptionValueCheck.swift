/// Judges an option's value by its rule. Every function gives the reason for a refusal, or nil.
enum OptionValueCheck {
  /// What is refused whatever the option.
  static func refusal(ofAny value: String, mayHoldURL: Bool = false, mayBeDevice: Bool = false) -> String? {
    if value.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
      return "its value contains a control character"
    }
    if !mayHoldURL, contains(value, "://") { return "its value contains a URL" }
    if contains(value, "..") { return "its value contains '..'" }
    if value.utf8.first == UInt8(ascii: "/"), !(mayBeDevice && isDeviceNode(value)) {
      return "its value is a path"
    }
    return nil
  }

  static func refusal(of value: String, by rule: OptionRule.Value) -> String? {
    switch rule {
    case .none, .dropped, .text: nil
    case .plain: isPlain(value) ? nil : wrong
    case .flags: flags(value) != nil ? nil : wrong
    case .codecFlags: flags(value).map(codecFlags.isSuperset) == true ? nil : wrong
    case .disposition: value == "0" || flags(value) != nil ? nil : wrong
    case .codec: ASCII.matches(value, others: "_", length: 64) ? nil : "its value is not the name of a codec"
    case .inputFormat:
      inputFormats.contains(value) ? nil : "allowed input formats: \(inputFormats.joined(separator: ", "))"
    case .outputFormat: refusedMuxers.contains(value) ? "this muxer is not allowed" : nil
    case .map: isMap(value) ? nil : wrong
    case .device: isDevice(value) ? nil : "a device is a name, a number, /dev/dri/renderD<n> or /dev/dri/card<n>"
    case .hardwareInit: isHardwareInit(value) ? nil : "it must be type[=name][:device] or type[=name]@name"
    case .filters: FilterPolicy.refusal(of: value)
    case .x264Parameters: EncoderParameters.refusal(of: value, keys: EncoderParameters.x264)
    case .x265Parameters: EncoderParameters.refusal(of: value, keys: EncoderParameters.x265)
    case .bitstreamFilters: BitstreamFilters.refusal(of: value)
    case .keyFrames: ASCII.matches(value, others: ":,.()*+-/<>=_ ", length: 512) ? nil : wrong
    }
  }

  /// `v`, `a:0`, `s:m:language:eng`, `0`, `p:1:v`, `#0x101`.
  static func isSpecifier(_ text: String) -> Bool { ASCII.matches(text, others: ":#_-", length: 64) }

  /// Not `pass1`, `pass2`, and what means every flag: two-pass encoding keeps a file of statistics.
  private static let codecFlags: Set<String> = [
    "aic", "bitexact", "cgop", "drop_changed", "global_header", "gray", "ildct", "ilme", "loop", "low_delay", "mv4",
    "output_corrupt", "unaligned",
  ]

  /// The words of `+a-b`; nil if one of them is not a plain word.
  private static func flags(_ value: String) -> Set<String>? {
    var text = value[...]
    if text.utf8.first == UInt8(ascii: "+") || text.utf8.first == UInt8(ascii: "-") { text = text.dropFirst() }
    let words = text.utf8.split(omittingEmptySubsequences: false) { "+-".utf8.contains($0) }.map {
      String(Substring($0))
    }
    let arePlain = words.allSatisfy {
      ASCII.matches($0, others: "_", length: 64) && $0.utf8.first.map(ASCII.isLetter) == true
    }
    return arePlain ? Set(words) : nil
  }

  private static let wrong = "its value is not of the allowed form"
  private static let inputFormats = ["mpegts", "hls", "mov", "mp4", "matroska", "flv", "aac", "mp3", "rtsp"]
  private static let refusedMuxers: Set<String> = [
    "tee", "segment", "stream_segment", "ssegment", "concat", "fifo", "image2", "image2pipe", "lavfi",
  ]

  private static func contains(_ text: String, _ part: String) -> Bool {
    let bytes = Array(text.utf8)
    let wanted = Array(part.utf8)
    guard bytes.count >= wanted.count else { return false }
    return (0...(bytes.count - wanted.count)).contains { bytes[$0..<($0 + wanted.count)].elementsEqual(wanted) }
  }

  /// A leading `-` only in numbers and in `-1`-like indexes.
  private static func isPlain(_ value: String) -> Bool {
    guard ASCII.matches(value, others: "._+:,/()%|-", length: 128) else { return false }
    guard value.utf8.first == UInt8(ascii: "-") else { return true }
    return value.utf8.dropFirst().first.map { ASCII.isDigit($0) || $0 == UInt8(ascii: ".") } ?? false
  }

  /// `0:v:0?`, `-0:s`, `0:m:language:eng`, `[label]`.
  private static func isMap(_ value: String) -> Bool {
    var text = value[...]
    if text.utf8.first == UInt8(ascii: "[") {
      return text.utf8.last == UInt8(ascii: "]") && ASCII.matches(text.dropFirst().dropLast(), others: "_", length: 64)
    }
    if text.utf8.first == UInt8(ascii: "-") { text = text.dropFirst() }
    if text.utf8.last == UInt8(ascii: "?") { text = text.dropLast() }
    guard text.utf8.first == UInt8(ascii: "0") else { return false }
    let rest = text.dropFirst()
    return rest.isEmpty || (rest.utf8.first == UInt8(ascii: ":") && isSpecifier(String(rest)))
  }

  private static func isDevice(_ value: String) -> Bool {
    ASCII.matches(value, others: "_", length: 32) || isDeviceNode(value)
  }

  private static func isDeviceNode(_ value: String) -> Bool {
    for folder in ["/dev/dri/renderD", "/dev/dri/card"] where value.utf8.starts(with: folder.utf8) {
      let digits = value.utf8.dropFirst(folder.utf8.count)
      return (1...4).contains(digits.count) && digits.allSatisfy(ASCII.isDigit)
    }
    return false
  }

  private static func isHardwareInit(_ value: String) -> Bool {
    if let at = value.utf8.firstIndex(of: UInt8(ascii: "@")) {
      return isTypeAndName(value[..<at])
        && ASCII.matches(value[value.utf8.index(after: at)...], others: "_", length: 32)
    }
    guard let colon = value.utf8.firstIndex(of: UInt8(ascii: ":")) else { return isTypeAndName(value[...]) }
    return isTypeAndName(value[..<colon]) && isDevice(String(value[value.utf8.index(after: colon)...]))
  }

  private static func isTypeAndName(_ text: Substring) -> Bool {
    let pieces = text.utf8.split(separator: UInt8(ascii: "="), omittingEmptySubsequences: false)
    return pieces.count <= 2 && pieces.allSatisfy { ASCII.matches(Substring($0), others: "_", length: 32) }
  }
}

/// How a record becomes a line, with its line feed. Neither form lets a value begin a line of its own.
package enum LogFormat: String, Sendable, CaseIterable {
  /// `2026-11-21T04:14:22.827Z info    Stream started                    profile=720p stream.id=8704…`
  case text
  /// One JSON object a line: `time`, `level`, `message`, then the metadata.
  case json

  package func line(_ record: LogRecord) -> String {
    switch self {
    case .text: textLine(record)
    case .json: jsonLine(record)
    }
  }

  private func textLine(_ record: LogRecord) -> String {
    var line = record.time.shortText + " " + padded(record.level.name, 7) + " "
    line += record.metadata.isEmpty ? record.message : padded(record.message, 40)
    for (key, value) in record.metadata.sorted(by: { $0.key < $1.key }) {
      line += " " + key + "=" + (isPlain(value) ? value : quoted(value))
    }
    return line + "\n"
  }

  private func jsonLine(_ record: LogRecord) -> String {
    var line = "{\"time\":" + quoted(record.time.text)
    line += ",\"level\":" + quoted(record.level.name) + ",\"message\":" + quoted(record.message)
    for (key, value) in record.metadata.sorted(by: { $0.key < $1.key }) {
      let isTaken = ["time", "level", "message"].contains(key)
      line += "," + quoted(isTaken ? "metadata." + key : key) + ":" + quoted(value)
    }
    return line + "}\n"
  }

  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.utf8.count))
  }

  private func isPlain(_ value: String) -> Bool {
    !value.isEmpty
      && value.unicodeScalars.allSatisfy {
        $0.value > 0x20 && !isControl($0) && $0 != "\"" && $0 != "=" && $0 != "\\"
      }
  }
}

/// A JSON string (RFC 8259 §7) with its quotes; C1 controls and line separators are escaped too.
private func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case "\r": result += "\\r"
    case "\t": result += "\\t"
    case _ where isControl(scalar):
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}

private func isControl(_ scalar: Unicode.Scalar) -> Bool {
  scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value == 0x2028 || scalar.value == 0x2029
}

/// What is wrong with a text of the Prometheus format 0.0.4.
enum PrometheusText {
  static func problems(_ text: String) -> [String] {
    var problems: [String] = []
    var types: [String: String] = [:]
    var helped: Set<String> = []
    var series: Set<Substring> = []
    if !text.hasSuffix("\n") { problems.append("no line end at the end") }
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 3)
      if line.hasPrefix("# HELP "), words.count == 4 {
        if !helped.insert(String(words[2])).inserted { problems.append("HELP twice: \(line)") }
      } else if line.hasPrefix("# TYPE "), words.count == 4 {
        let isKind = ["counter", "gauge", "histogram"].contains(words[3])
        if !isKind || types.updateValue(String(words[3]), forKey: String(words[2])) != nil {
          problems.append("TYPE: \(line)")
        }
      } else if let match = line.wholeMatch(of: sample) {
        let name = String(match.1)
        let family = ["_bucket", "_sum", "_count"].first { name.hasSuffix($0) }.map { String(name.dropLast($0.count)) }
        if types[name] == nil, family.flatMap({ types[$0] }) != "histogram" { problems.append("no TYPE: \(line)") }
        if types[name] == "counter", !name.hasSuffix("_total") { problems.append("no _total: \(line)") }
        if Double(match.3) == nil { problems.append("no number: \(line)") }
        if !series.insert(line.prefix(line.count - match.3.count)).inserted { problems.append("twice: \(line)") }
      } else {
        problems.append("no sample: \(line)")
      }
    }
    return problems
  }

  private static var sample: Regex<(Substring, Substring, Substring?, Substring)> {
    /([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*",?)*\})? (\S+)/
  }
}

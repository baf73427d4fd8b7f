/// Reads media information from the lines FFmpeg writes about its input and output. The first stream of each kind counts.
package struct MediaInfoReader: Sendable, Equatable {
  private enum Part: Sendable { case none, input, output }

  package private(set) var input = MediaInfo()
  package private(set) var output = MediaInfo()
  private var part = Part.none

  package init() {}

  /// One line without its level (`FFmpegLogLine.text`).
  package mutating func take(_ text: String) {
    let line = text.drop { $0 == " " }
    if line.hasPrefix("Input #0, ") {
      part = .input
      input = MediaInfo()
      input.container = Self.container(line)
    } else if line.hasPrefix("Output #0, ") {
      part = .output
      output = MediaInfo()
      output.container = Self.container(line)
    } else if line.hasPrefix("Stream mapping:") || line.hasPrefix("Press [q]") {
      part = .none
    } else {
      switch part {
      case .none: break
      case .input: Self.take(line, into: &input)
      case .output: Self.take(line, into: &output)
      }
    }
  }

  private static func container(_ line: Substring) -> String? {
    let fields = line.split(separator: ", ", maxSplits: 2)
    return fields.count > 1 ? String(fields[1].prefix { $0 != "," }) : nil
  }

  private static func take(_ line: Substring, into info: inout MediaInfo) {
    if line.hasPrefix("Duration:"), let rate = line.split(separator: ", ").first(where: { $0.hasPrefix("bitrate: ") }) {
      info.kilobitsPerSecond = Int(rate.dropFirst(9).prefix { $0 != " " })
    }
    guard line.hasPrefix("Stream #0:") else { return }
    if let details = details(line, of: ": Video: "), info.videoCodec == nil {
      takeVideo(details, into: &info)
    } else if let details = details(line, of: ": Audio: "), info.audioCodec == nil {
      takeAudio(details, into: &info)
    }
  }

  private static func details(_ line: Substring, of kind: String) -> [Substring]? {
    guard let range = line.firstRange(of: kind) else { return nil }
    return fields(line[range.upperBound...])
  }

  /// Cut at the commas that stand outside of brackets.
  private static func fields(_ text: Substring) -> [Substring] {
    var fields: [Substring] = []
    var depth = 0
    var start = text.startIndex
    for index in text.indices {
      switch text[index] {
      case "(", "[": depth += 1
      case ")", "]": depth -= 1
      case "," where depth <= 0:
        fields.append(text[start..<index])
        start = text.index(after: index)
      default: break
      }
    }
    fields.append(text[start...])
    return fields.map { $0.drop { $0 == " " } }
  }

  private static func takeVideo(_ fields: [Substring], into info: inout MediaInfo) {
    info.videoCodec = fields.first.map { String($0.prefix { $0 != " " }) }
    for field in fields.dropFirst() {
      let word = field.prefix { $0 != " " }
      if info.resolution == nil, isResolution(word) {
        info.resolution = String(word)
      } else if field.hasSuffix(" fps") {
        info.framesPerSecond = Double(word)
      } else if field.hasSuffix(" kb/s") {
        info.kilobitsPerSecond = Int(word)
      }
    }
  }

  private static func takeAudio(_ fields: [Substring], into info: inout MediaInfo) {
    info.audioCodec = fields.first.map { String($0.prefix { $0 != " " }) }
    guard fields.count > 2 else { return }
    info.audioChannels = channels(fields[2])
  }

  private static func isResolution(_ word: Substring) -> Bool {
    let sides = word.split(separator: "x", omittingEmptySubsequences: false)
    return sides.count == 2 && sides.allSatisfy { Int($0).map { $0 > 0 } ?? false }
  }

  /// `stereo`, `5.1(side)`, `6 channels`.
  private static func channels(_ layout: Substring) -> Int? {
    switch layout {
    case "mono": return 1
    case "stereo", "downmix", "binaural": return 2
    case "quad", "quad(side)": return 4
    case "hexagonal": return 6
    case "octagonal", "cube": return 8
    default: break
    }
    if layout.hasSuffix(" channels") { return Int(layout.prefix { $0 != " " }) }
    let numbers = layout.prefix { $0 != "(" }.split(separator: ".").map { Int($0) }
    return (2...3).contains(numbers.count)
      ? numbers.reduce(0) { total, number in total.flatMap { t in number.map { t + $0 } } } : nil
  }
}

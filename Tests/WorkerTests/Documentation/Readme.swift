import Foundation
import TestKit

/// The README of this package, cut into what tests compare: its fenced blocks and the names in its tables.
struct Readme {
  struct Block {
    /// What stands after the opening fence: `sh`, `json` …
    let language: String
    let text: String
    /// Of the opening fence.
    let line: Int
  }

  /// Of the package, without a trailing slash.
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  let text: String

  init() throws { text = String(decoding: try readFile(Self.folder + "/README.md"), as: UTF8.self) }

  var lines: [String] { text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }

  var blocks: [Block] {
    var blocks: [Block] = []
    var open: (language: String, line: Int, lines: [String])?
    for (number, line) in lines.enumerated() {
      if line.hasPrefix("```"), let block = open {
        blocks.append(
          Block(language: block.language, text: block.lines.joined(separator: "\n") + "\n", line: block.line))
        open = nil
      } else if line.hasPrefix("```") {
        open = (String(line.dropFirst(3)), number + 1, [])
      } else {
        open?.lines.append(line)
      }
    }
    return blocks
  }

  /// A block that a person types, and the block that shows its answer if one follows at once.
  struct Sample {
    let command: Block
    let answer: Block?
  }

  static let programs = ["curl ", "ffmpeg ", "millrace "]

  var samples: [Sample] {
    let blocks = blocks
    return blocks.enumerated().filter { $1.language == "sh" }.map { place, command in
      let end = command.line + command.text.count { $0 == "\n" } + 2
      let next = blocks.dropFirst(place + 1).first
      return Sample(command: command, answer: next.flatMap { $0.line == end && $0.language != "sh" ? $0 : nil })
    }
  }

  /// The text between two lines, both left out.
  func text(between first: String, and last: String) -> String? {
    guard let start = lines.firstIndex(of: first), let end = lines[start...].firstIndex(of: last) else { return nil }
    return lines[(start + 1)..<end].joined(separator: "\n") + "\n"
  }

  /// What stands in backticks in the first column of the tables below a heading, up to the next one.
  func firstColumn(below heading: String) -> [String] {
    guard let start = lines.firstIndex(of: heading) else { return [] }
    let section = lines[(start + 1)...].prefix { !$0.hasPrefix("#") }
    return section.filter { $0.hasPrefix("| `") }.flatMap { row in
      let cell = row.dropFirst().prefix { $0 != "|" }
      return cell.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }
        .map { String($0.element) }
    }
  }
}

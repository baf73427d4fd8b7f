/// Rows whose columns line up, for a terminal; two blanks between columns, none at the end of a line.
struct TextTable {
  enum Alignment { case left, right }

  private let alignments: [Alignment]
  private var rows: [[String]]

  /// Numbers read best on the right.
  init(_ columns: [(title: String, Alignment)]) {
    alignments = columns.map(\.1)
    rows = [columns.map(\.title)]
  }

  /// A cell for each column. Line breaks and control characters in a cell become blanks: what a client has sent must not
  /// move the cursor.
  mutating func add(_ cells: [String]) {
    rows.append(cells.map { $0.split(whereSeparator: Self.breaks).joined(separator: " ") })
  }

  private static func breaks(_ character: Character) -> Bool {
    character.isWhitespace || character.unicodeScalars.contains { $0.properties.generalCategory == .control }
  }

  /// The title line and a line for each row.
  var text: String {
    let widths = alignments.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { line($0, widths) + "\n" }.joined()
  }

  private func line(_ row: [String], _ widths: [Int]) -> String {
    let cells = row.indices.map { column in
      let blanks = String(repeating: " ", count: widths[column] - row[column].count)
      return alignments[column] == .left ? row[column] + blanks : blanks + row[column]
    }
    let line = cells.joined(separator: "  ")
    return String(
      line.prefix(line.lastIndex { $0 != " " }.map { line.distance(from: line.startIndex, to: $0) + 1 } ?? 0))
  }
}

internal import Transcoding

/// What `millrace profiles` prints: a line for each profile, the columns aligned. `{name}` and `{name|default}` in the
/// arguments are what `profile_variables` fills in.
struct ProfileTable {
  let catalog: ProfileCatalog

  private static let head = ["name", "from", "description", "arguments"]

  var text: String {
    let rows = [Self.head] + catalog.profiles.map(row)
    let widths = Self.head.indices.dropLast().map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { line($0, widths) + "\n" }.joined()
  }

  private func row(_ profile: Profile) -> [String] {
    let origin =
      switch profile.origin {
      case .builtIn: "built-in"
      case .operatorFile: "file"
      case .template: "request"
      }
    return [profile.name, origin, profile.description, profile.template.text].map {
      $0.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
  }

  private func line(_ row: [String], _ widths: [Int]) -> String {
    let padded = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
    return (padded + [row[widths.count]]).joined(separator: "  ")
  }
}

internal import Foundation

/// The effective configuration for people and programs, secrets masked.
struct ConfigurationListing {
  let effective: EffectiveConfiguration

  private struct Row {
    let setting: Setting
    /// Masked; nil when nothing is set.
    let value: String?
    let origin: String
  }

  private func rows(of section: SettingSection) -> [Row] {
    SettingTable.all.filter { $0.section == section }.map { setting in
      let value = setting.masking.mask(setting.show(effective.configuration))
      return Row(
        setting: setting, value: value.isEmpty && !setting.takesEmpty ? nil : value,
        origin: effective.origin(of: setting).description)
    }
  }

  /// An aligned table in sections: name, value, origin. Where nothing is set, what holds then stands in parentheses.
  var text: String {
    let sections = SettingSection.allCases.map { (section: $0, rows: rows(of: $0)) }
    let names = sections.flatMap(\.rows).map(\.setting.name.count).max() ?? 0
    let values = sections.flatMap(\.rows).map { shown($0).count }.filter { $0 <= 48 }.max() ?? 0
    let tables = sections.map { section, rows in
      let lines = rows.map { row in
        padded(row.setting.name, names) + "  " + padded(shown(row), values) + "  " + row.origin
      }
      return "# \(section.rawValue)\n" + lines.joined(separator: "\n") + "\n"
    }
    let configuration = effective.configuration
    return tables.joined(separator: "\n") + notice("Given, known and without effect", configuration.namesWithoutEffect)
      + notice("Given, for features that this build does not have", configuration.settingsNotYetRead)
  }

  private func notice(_ title: String, _ lines: [String]) -> String {
    lines.isEmpty ? "" : "\n# \(title)\n" + lines.joined(separator: "\n") + "\n"
  }

  private func shown(_ row: Row) -> String {
    guard let value = row.value else { return "(\(row.setting.defaultNote))" }
    return value.isEmpty ? "(empty)" : value
  }

  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private struct Document: Encodable {
    struct Entry: Encodable {
      let name: String
      let value: String?
      let origin: String
    }

    let settings: [Entry]
    let withoutEffect: [String]
    let notYetRead: [String]

    enum CodingKeys: String, CodingKey {
      case settings
      case withoutEffect = "without_effect"
      case notYetRead = "not_yet_read"
    }
  }

  /// One JSON object: `settings`, an array of `name`, `value` (text, absent when not set) and `origin`; `without_effect`;
  /// `not_yet_read`: settings of features that this build does not have.
  var json: String {
    let entries = SettingSection.allCases.flatMap(rows).map { row in
      Document.Entry(name: row.setting.name, value: row.value, origin: row.origin)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let document = Document(
      settings: entries, withoutEffect: effective.configuration.namesWithoutEffect,
      notYetRead: effective.configuration.settingsNotYetRead)
    guard let data = try? encoder.encode(document) else { return "{}\n" }
    return String(decoding: data, as: UTF8.self) + "\n"
  }

  /// The README's table: every setting with its default, what is allowed, and its meaning.
  static var markdown: String {
    SettingSection.allCases.map { section in
      let lines = SettingTable.all.filter { $0.section == section }.map(markdownRow)
      return "### \(section.rawValue)\n\n| name | default | meaning | allowed |\n|---|---|---|---|\n"
        + lines.joined(separator: "\n") + "\n"
    }.joined(separator: "\n")
  }

  private static func markdownRow(_ setting: Setting) -> String {
    let aliases = setting.aliases.map { " (or `\($0)`)" }.joined()
    let standard = setting.defaultText.isEmpty ? setting.defaultNote : "`\(setting.defaultText)`"
    let cells = ["`\(setting.name)`\(aliases)", standard, setting.meaning, setting.allowed]
    return "| " + cells.map { $0.replacing("|", with: "\\|").replacing("<", with: "&lt;") }.joined(separator: " | ")
      + " |"
  }
}

internal import Foundation

/// Reads the configuration's sources from the process and the disk.
struct ConfigurationLoader {
  /// The folder in which `.env` is looked for.
  var directory = FileManager.default.currentDirectoryPath

  /// The largest file that is read.
  static let maximumFileBytes = 1 << 20

  /// `flags` as the command line gave them; `file` that of `--config`, by its path.
  func load(
    flags: [GivenSetting], file: String?, environment: [String: String]
  ) throws(ConfigurationError) -> EffectiveConfiguration {
    var problems: [ConfigurationProblem] = []
    var resolver = ConfigurationResolver()
    resolver.flags = flags
    // Sorted, so that of two names that differ in case only, the one in upper case comes last and wins.
    resolver.environment = environment.sorted { $0.key > $1.key }
      .map { GivenSetting(name: $0.key, value: $0.value.trimmed, origin: .environment) }
    if let file { resolver.file = settings(ofFile: file, &problems) }
    resolver.dotEnv = settingsOfDotEnv(&problems)
    return try resolver.resolve(earlier: problems)
  }

  private func settings(ofFile path: String, _ problems: inout [ConfigurationProblem]) -> [GivenSetting] {
    do {
      let text = try text(ofFile: path)
      let (settings, found) = parsed(text, path: path)
      problems += found
      return settings
    } catch {
      problems.append(error)
      return []
    }
  }

  /// YAML for `.yaml`, `.yml` and `.json`, else `NAME=VALUE` lines.
  private func parsed(_ text: String, path: String) -> ([GivenSetting], [ConfigurationProblem]) {
    let isYAML = [".yaml", ".yml", ".json"].contains { path.lowercased().hasSuffix($0) }
    if isYAML {
      let yaml = FlatYAML(text, file: path)
      return (yaml.settings, yaml.problems)
    }
    let lines = KeyValueText(text, file: path)
    return (lines.settings, lines.problems)
  }

  private func settingsOfDotEnv(_ problems: inout [ConfigurationProblem]) -> [GivenSetting] {
    let path = directory + "/.env"
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    do {
      let lines = KeyValueText(try text(ofFile: path), file: ".env")
      problems += lines.problems
      return lines.settings
    } catch {
      problems.append(error)
      return []
    }
  }

  private func text(ofFile path: String) throws(ConfigurationProblem) -> String {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), !isDirectory.boolValue else {
      throw ConfigurationProblem(name: path, message: "there is no such file; --config names it")
    }
    guard let handle = FileHandle(forReadingAtPath: path),
      let data = try? handle.read(upToCount: Self.maximumFileBytes + 1)
    else {
      guard FileManager.default.isReadableFile(atPath: path) else {
        throw ConfigurationProblem(name: path, message: "cannot be read; look at its permissions")
      }
      return ""
    }
    guard data.count <= Self.maximumFileBytes else {
      throw ConfigurationProblem(name: path, message: "is larger than \(Self.maximumFileBytes) bytes")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw ConfigurationProblem(name: path, message: "is not UTF-8 text")
    }
    return text
  }
}

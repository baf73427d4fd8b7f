import Foundation

/// Why the operator's profiles cannot be used. The start stops with this message.
package struct ProfileFileError: Error, Equatable, Sendable, CustomStringConvertible {
  package let file: String
  /// Nil if the file as a whole is at fault.
  package let profile: String?
  package let reason: String

  package var description: String {
    profile.map { "\(file): profile '\($0)': \(reason)" } ?? "\(file): \(reason)"
  }
}

/// PROFILES_FILE: `profiles: {name: {description, template | args}}` in YAML, or JSON if its name ends in `.json`.
package enum ProfileFile {
  static let maximumBytes = 1_048_576
  static let maximumProfiles = 256

  /// `required`: false for the default path, whose absence means that there are no operator's profiles.
  package static func load(path: String, required: Bool) throws(ProfileFileError) -> ProfileCatalog {
    guard let data = FileManager.default.contents(atPath: path) else {
      guard required || FileManager.default.fileExists(atPath: path) else { return ProfileCatalog() }
      throw ProfileFileError(file: path, profile: nil, reason: "cannot be read")
    }
    return try parse(Array(data), name: path)
  }

  /// `name` decides between JSON and YAML, and stands in error messages.
  package static func parse(_ bytes: [UInt8], name: String) throws(ProfileFileError) -> ProfileCatalog {
    guard bytes.count <= maximumBytes else {
      throw ProfileFileError(file: name, profile: nil, reason: "larger than \(maximumBytes) bytes")
    }
    let document: DocumentValue
    do {
      document = name.lowercased().hasSuffix(".json") ? try JSONDocument.parse(bytes) : try YAMLDocument.parse(bytes)
    } catch {
      throw ProfileFileError(file: name, profile: nil, reason: error.description)
    }
    return ProfileCatalog(operatorProfiles: try profiles(in: document, file: name))
  }

  private static func profiles(in document: DocumentValue, file: String) throws(ProfileFileError) -> [Profile] {
    func fail(_ reason: String) -> ProfileFileError { ProfileFileError(file: file, profile: nil, reason: reason) }
    if document == .null { return [] }
    guard case .mapping(let entries) = document else { throw fail("it must be a mapping with the key 'profiles'") }
    if let unknown = entries.first(where: { $0.key != "profiles" }) { throw fail("unknown key '\(unknown.key)'") }
    guard let value = entries.first?.value, value != .null else { return [] }
    guard case .mapping(let profiles) = value else { throw fail("'profiles' must be a mapping of names") }
    guard profiles.count <= maximumProfiles else { throw fail("more than \(maximumProfiles) profiles") }
    var output: [Profile] = []
    for entry in profiles { output.append(try profile(entry.key, entry.value, file: file)) }
    return output
  }

  private static func profile(
    _ name: String, _ value: DocumentValue, file: String
  ) throws(ProfileFileError) -> Profile {
    func fail(_ reason: String) -> ProfileFileError { ProfileFileError(file: file, profile: name, reason: reason) }
    guard ASCII.matches(name, others: "._-", length: 64), name.utf8.first != UInt8(ascii: "-") else {
      throw fail("a name has at most 64 letters, digits, '.', '_' and '-', and does not start with '-'")
    }
    guard case .mapping(let fields) = value else { throw fail("it must be a mapping") }
    var description = name
    var template: Template?
    do {
      for field in fields {
        switch (field.key, field.value) {
        case ("description", .scalar(let text)): description = text
        case ("template", .scalar(let text)) where template == nil: template = try Template(text)
        case ("args", .sequence(let items)) where template == nil: template = try Template(arguments: texts(items))
        case ("template", _), ("args", _):
          throw fail("one of 'template' (text) and 'args' (list of texts) must be given, not both")
        case ("description", _): throw fail("'description' must be a text")
        default: throw fail("unknown key '\(field.key)' (allowed: description, template, args)")
        }
      }
      guard let template else { throw fail("'template' or 'args' is missing") }
      try checkArguments(template)
      return Profile(name: name, description: description, template: template, origin: .operatorFile)
    } catch let error as ProfileError {
      throw fail(error.detail)
    } catch let error as ProfileFileError {
      throw error
    } catch {
      throw fail("\(error)")
    }
  }

  private static func texts(_ items: [DocumentValue]) throws(ProfileError) -> [String] {
    var output: [String] = []
    for item in items {
      guard case .scalar(let text) = item else {
        throw .templateRefused(argument: "", reason: "'args' must be a list of texts")
      }
      output.append(text)
    }
    return output
  }

  /// Finds a missing output or a second one at start already: every variable without default is taken as `1`.
  private static func checkArguments(_ template: Template) throws(ProfileError) {
    var values = Dictionary(uniqueKeysWithValues: template.variables.map { ($0.name, $0.defaultValue ?? "1") })
    values["output_args"] = "pipe:1"
    values["format"] = OutputFormat.mpegts.rawValue
    values[Template.inputName] = Template.inputPlaceholder
    let list = try ArgumentList(try template.render(values))
    _ = try OutputChoice(list: list, requested: nil, fallback: .mpegts)
  }
}

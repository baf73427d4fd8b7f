/// One thing that is wrong with the configuration, for people. Secrets are masked.
package struct ConfigurationProblem: Error, Hashable, Sendable, CustomStringConvertible {
  /// The setting's name, or the file's.
  package let name: String
  /// What was found, what is allowed, and the way out.
  package let message: String

  package init(name: String, message: String) {
    self.name = name
    self.message = message
  }

  package var description: String { name + ": " + message }
}

/// All that is wrong with the configuration, so that it can be mended in one go. Never empty.
package struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
  package let problems: [ConfigurationProblem]

  package init(_ problems: [ConfigurationProblem]) { self.problems = problems }

  package var description: String { problems.map(\.description).joined(separator: "\n") }
}

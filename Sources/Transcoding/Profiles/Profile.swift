/// A way to transcode, under a name.
package struct Profile: Sendable, Equatable {
  package enum Origin: Sendable, Equatable {
    case builtIn
    /// From PROFILES_FILE. A built-in that the file overrides is an operator's profile too.
    case operatorFile
    /// A client's own arguments.
    case template
  }

  package let name: String
  package let description: String
  package let template: Template
  package let origin: Origin
}

/// FFmpeg's arguments with placeholders (api.md §4.2). Splitting comes before substitution, so that no value can ever
/// become a second argument.
package struct Template: Equatable, Sendable {
  /// The name of the placeholder that stands for the source.
  static let inputName = "input_url"
  /// What stands for the source in canonical arguments.
  static let inputPlaceholder = "{input_url}"

  /// As it was written; for a list of arguments, these joined by blanks.
  package let text: String
  private let arguments: [TemplateArgument]

  /// Of one line of text.
  package init(_ text: String) throws(ProfileError) {
    try self.init(text: text, arguments: ArgumentSplitter.split(text))
  }

  /// Of arguments that are already split; quotes in them mean nothing.
  package init(arguments: [String]) throws(ProfileError) {
    guard arguments.count <= ArgumentSplitter.maximumArguments,
      arguments.reduce(0, { $0 + $1.utf8.count }) <= ArgumentSplitter.maximumBytes
    else { throw .templateRefused(argument: "", reason: "too many or too long arguments") }
    try self.init(text: arguments.joined(separator: " "), arguments: arguments)
  }

  private init(text: String, arguments texts: [String]) throws(ProfileError) {
    var arguments: [TemplateArgument] = []
    for text in texts { arguments.append(try TemplateArgument(text)) }
    self.text = text
    self.arguments = arguments
    try checkInput()
  }

  /// Every variable once, in the order of appearance.
  package var variables: [TemplateVariable] {
    var seen: Set<String> = []
    return arguments.flatMap(\.variables).filter { seen.insert($0.name).inserted }
  }

  /// The arguments after substitution. The values are taken as they are: check them first.
  func render(_ values: [String: String]) throws(ProfileError) -> [String] {
    var output: [String] = []
    for argument in arguments {
      if let text = try argument.render(values) { output.append(text) }
    }
    return output
  }

  private func checkInput() throws(ProfileError) {
    let places = arguments.indices.filter { arguments[$0].variables.contains { $0.name == Self.inputName } }
    let option = try? TemplateArgument("-i")
    guard places.count == 1, let place = places.first, arguments[place].soleVariable != nil, place > 0,
      arguments[place - 1] == option, arguments.filter({ $0 == option }).count == 1
    else {
      throw .templateRefused(
        argument: Self.inputPlaceholder, reason: "it must be there exactly once, as the whole value of the only -i")
    }
  }
}

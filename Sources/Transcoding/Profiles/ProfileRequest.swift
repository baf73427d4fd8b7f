/// What POST /transcode says about the transcoding (api.md §2.2).
package struct ProfileRequest: Sendable, Equatable {
  package let url: SourceURL
  /// A profile's name, or a template if it starts with `-`.
  package let profile: String
  package let variables: [String: String]
  /// A name or an alias of §4.5; nil if the request has none.
  package let outputFormat: String?

  /// An empty or absent profile is `default`, an empty format an absent one.
  package init(url: SourceURL, profile: String?, variables: [String: String] = [:], outputFormat: String? = nil) {
    self.url = url
    let name = profile.map { String($0.drop(while: \.isWhitespace)) } ?? ""
    self.profile = name.isEmpty ? "default" : name
    self.variables = variables
    self.outputFormat = outputFormat.flatMap { $0.isEmpty ? nil : $0 }
  }

  var isTemplate: Bool { profile.utf8.first == UInt8(ascii: "-") }
}

/// A profile with its variables filled in: what a stream of POST /transcode is made of.
package struct RenderedProfile: Sendable, Equatable {
  /// The profile's name, `custom` for a template.
  package let name: String
  package let origin: Profile.Origin
  /// What the reply shows as `ffmpeg_args`: the CPU form, with the URL as it was sent.
  package let arguments: [String]
  /// The same with `{input_url}` for the URL (api.md §3).
  package let canonicalArguments: [String]
  /// What the reply shows as `profile_variables`: the server's and the caller's.
  package let variables: [String: String]
  package let format: OutputFormat
  /// `-hls_time`, seconds; nil if the template does not say.
  package let segmentSeconds: Double?
  /// `-hls_list_size`; `Int.max` for 0, which means the whole window. Nil if the template does not say.
  package let listSize: Int?
  /// Whether this is a built-in profile whose arguments are those without any of the caller's variables.
  package let isPlainBuiltIn: Bool

  let list: ArgumentList

  package static let templateName = "custom"
}

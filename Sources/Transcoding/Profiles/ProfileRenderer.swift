/// Fills in a profile for one request: variables, output format, HLS parameters.
struct ProfileRenderer {
  let profile: Profile
  let request: ProfileRequest
  let policy: TemplatePolicy

  func render() throws(ProfileError) -> RenderedProfile {
    var requested: OutputFormat?
    if let name = request.outputFormat { requested = try OutputFormat(name: name) }
    let server = ["output_args": "pipe:1"]
    try ProfileVariables.check(
      request.variables, server: server.merging(["input_url": request.url.text]) { $1 })
    var format = requested ?? .mpegts
    if let name = request.variables["format"] { format = try OutputFormat(name: name) }
    var values = request.variables.merging(server) { $1 }
    values["format"] = format.rawValue

    let canonical = try arguments(values)
    let list = try ArgumentList(canonical)
    if profile.origin == .template { try policy.check(list) }
    values[Template.inputName] = request.url.text
    let output = try OutputChoice(list: list, requested: requested, fallback: format)
    try output.checkCodecs(list)
    return RenderedProfile(
      name: profile.name, origin: profile.origin,
      arguments: canonical.map { $0 == Template.inputPlaceholder ? request.url.text : $0 },
      canonicalArguments: canonical, variables: values, format: output.format,
      segmentSeconds: output.segmentSeconds, listSize: output.listSize,
      isPlainBuiltIn: try isPlainBuiltIn(canonical, format: output.format, server: server), list: list)
  }

  private func arguments(_ values: [String: String]) throws(ProfileError) -> [String] {
    try profile.template.render(values.merging([Template.inputName: Template.inputPlaceholder]) { $1 })
  }

  private func isPlainBuiltIn(
    _ canonical: [String], format: OutputFormat, server: [String: String]
  ) throws(ProfileError) -> Bool {
    guard profile.origin == .builtIn, format == .mpegts || format == .hls else { return false }
    return try arguments(server.merging(["format": format.rawValue]) { $1 }) == canonical
  }
}

internal import Cluster

extension ProfileCatalog {
  /// The profile that a registration was made with, from what was stored of it: any worker can run it, whatever its own
  /// profile file says today.
  func restore(_ transcode: StreamKind.Transcode, url: SourceURL) throws(ProfileError) -> RenderedProfile {
    let canonical = transcode.arguments.map { $0 == url.text ? Template.inputPlaceholder : $0 }
    let list = try ArgumentList(canonical)
    let requested = try OutputFormat(name: transcode.outputFormat)
    let output = try OutputChoice(list: list, requested: requested, fallback: requested)
    let isBuiltIn = profiles.contains { $0.name == transcode.profile && $0.origin == .builtIn }
    return RenderedProfile(
      name: transcode.profile, origin: isBuiltIn ? .builtIn : .template, arguments: transcode.arguments,
      canonicalArguments: canonical, variables: transcode.variables, format: requested,
      segmentSeconds: output.segmentSeconds, listSize: output.listSize, isPlainBuiltIn: false, list: list)
  }
}

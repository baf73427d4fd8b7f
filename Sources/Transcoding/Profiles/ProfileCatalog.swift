/// The profiles that requests may name: the built-in ones and the operator's.
package struct ProfileCatalog: Sendable, Equatable {
  /// One entry of GET /transcode/profiles.
  package struct Listing: Sendable, Equatable {
    package let name: String
    package let description: String
    /// The template's text.
    package let parameters: String
    package let variables: [TemplateVariable]
  }

  /// The `default_variables` of GET /transcode/profiles.
  package static let defaultVariables = [
    "input_url": "", "output_args": "", "video_bitrate": "2M", "audio_bitrate": "128k", "format": "mp4", "crf": "23",
  ]

  /// Built-ins first, in their order, then the operator's in the order of the file.
  package let profiles: [Profile]

  /// Only the built-in profiles.
  package init() { profiles = BuiltInProfiles.all }

  /// An operator's profile takes the place of a built-in of the same name.
  init(operatorProfiles: [Profile]) {
    var profiles = BuiltInProfiles.all
    for profile in operatorProfiles {
      if let place = profiles.firstIndex(where: { $0.name == profile.name }) {
        profiles[place] = profile
      } else {
        profiles.append(profile)
      }
    }
    self.profiles = profiles
  }

  package var names: [String] { profiles.map(\.name) }

  package var listing: [Listing] {
    profiles.map {
      Listing(
        name: $0.name, description: $0.description, parameters: $0.template.text, variables: $0.template.variables)
    }
  }

  /// What a request's profile comes to. `policy` is for the templates of clients only.
  package func render(
    _ request: ProfileRequest, policy: TemplatePolicy = TemplatePolicy()
  ) throws(ProfileError) -> RenderedProfile {
    try ProfileRenderer(profile: try profile(for: request, policy: policy), request: request, policy: policy).render()
  }

  private func profile(for request: ProfileRequest, policy: TemplatePolicy) throws(ProfileError) -> Profile {
    if request.isTemplate {
      guard policy.allowsTemplates else {
        throw .templateRefused(
          argument: "", reason: "custom templates are switched off (CUSTOM_TEMPLATES=off); use a profile's name")
      }
      return Profile(
        name: RenderedProfile.templateName, description: "", template: try Template(request.profile), origin: .template)
    }
    guard let profile = profiles.first(where: { $0.name == request.profile }) else {
      throw .profileUnknown(name: request.profile, available: names)
    }
    return profile
  }
}

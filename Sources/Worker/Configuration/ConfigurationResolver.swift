/// The configuration in force, and for each setting where its value comes from.
package struct EffectiveConfiguration: Sendable {
  package var configuration: Configuration
  /// By name; a setting that is absent has its default.
  package var origins: [String: SettingOrigin]

  func origin(of setting: Setting) -> SettingOrigin { origins[setting.name] ?? .standard }
}

/// Makes one configuration of all that was given: a pure function of it.
///
/// Flags win over the environment, that over the file, that over `.env`. A setting's own name wins over its aliases
/// wherever these stand, but for flags.
struct ConfigurationResolver {
  /// Strongest first. Names in any case.
  var flags: [GivenSetting] = []
  var environment: [GivenSetting] = []
  var file: [GivenSetting] = []
  var dotEnv: [GivenSetting] = []

  /// `earlier` are problems that reading the sources has shown already.
  func resolve(earlier: [ConfigurationProblem] = []) throws(ConfigurationError) -> EffectiveConfiguration {
    var problems = earlier + unknownNames()
    var effective = EffectiveConfiguration(configuration: Configuration(), origins: [:])
    var failed: Set<String> = []
    for setting in SettingTable.all {
      guard let given = winner(for: setting) else { continue }
      if setting.assign(&effective.configuration, given.value) {
        effective.origins[setting.name] = given.origin
      } else {
        failed.insert(setting.name)
        problems.append(problem(setting, given))
      }
    }
    let origins = effective.origins
    let follows = effective.configuration.applyDerivedValues { origins[$0] != nil }
    effective.origins.merge(follows) { _, new in new }
    effective.configuration.namesWithoutEffect = namesWithoutEffect()
    effective.configuration.settingsNotYetRead = SettingsNotYetRead.notices(effective)
    problems += brokenRelations(of: effective, besides: failed)
    guard problems.isEmpty else { throw ConfigurationError(problems) }
    return effective
  }

  private func winner(for setting: Setting) -> GivenSetting? {
    let byFlag = last(of: [setting.name] + setting.aliases, in: flags, setting)
    if let byFlag { return byFlag }
    for name in [setting.name] + setting.aliases {
      for source in [environment, file, dotEnv] {
        if let given = last(of: [name], in: source, setting) { return given }
      }
    }
    return nil
  }

  /// The last one counts, as on a command line and in a `.env` file.
  private func last(of names: [String], in source: [GivenSetting], _ setting: Setting) -> GivenSetting? {
    source.last { given in
      names.contains(given.name.uppercased()) && (setting.takesEmpty || !given.value.isEmpty || given.origin == .flag)
    }
  }

  private func problem(_ setting: Setting, _ given: GivenSetting) -> ConfigurationProblem {
    let name = given.name.uppercased()
    let shown = setting.masking.mask(given.value, isValid: false)
    return ConfigurationProblem(name: name, message: "'\(shown)' (\(given.origin)) must be \(setting.allowed)")
  }

  /// Only flags and the file are wholly ours to judge: the environment and `.env` are shared with other programs.
  private func unknownNames() -> [ConfigurationProblem] {
    let known = { (name: String) in SettingTable.byName[name] != nil || NamesWithoutEffect.contains(name) }
    var problems = (flags + file).filter { !known($0.name.uppercased()) }.map(unknown)
    var seen: Set<String> = []
    for given in file where !seen.insert(given.name.uppercased()).inserted {
      problems.append(
        ConfigurationProblem(name: given.name, message: "given twice, again in \(given.origin); keep one"))
    }
    return problems
  }

  private func unknown(_ given: GivenSetting) -> ConfigurationProblem {
    let near = nearest(to: given.name.uppercased(), in: SettingTable.byName.keys.sorted())
    let hint = near.map { "; did you mean \($0)?" } ?? ";"
    return ConfigurationProblem(
      name: given.name, message: "no such setting (\(given.origin))\(hint) 'millrace help serve' lists all")
  }

  private func namesWithoutEffect() -> [String] {
    let given = (flags + environment + file + dotEnv).filter { !$0.value.isEmpty }.map { $0.name.uppercased() }
    return Set(given.filter { NamesWithoutEffect.contains($0) || NamesWithoutEffect.settings.contains($0) }).sorted()
  }

  private func brokenRelations(
    of effective: EffectiveConfiguration, besides failed: Set<String>
  ) -> [ConfigurationProblem] {
    Relation.all.filter { failed.isDisjoint(with: $0.names) && !$0.holds(effective.configuration) }.map { relation in
      let values = relation.names.compactMap { SettingTable.byName[$0] }.map { setting in
        let value = setting.masking.mask(setting.show(effective.configuration))
        return "\(setting.name)=\(value) (\(effective.origin(of: setting)))"
      }
      return ConfigurationProblem(
        name: relation.names[0], message: relation.text + "; now " + values.joined(separator: ", "))
    }
  }
}

extension Configuration {
  /// Fills in what follows from other settings; answers which settings that changed, and from what.
  @discardableResult
  mutating func applyDerivedValues(isGiven: (String) -> Bool) -> [String: SettingOrigin] {
    guard log.isAppDebug, !isGiven("LOG_LEVEL") else { return [:] }
    log.level = .debug
    return ["LOG_LEVEL": .follows("APP_DEBUG")]
  }
}

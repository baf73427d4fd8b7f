internal import Transcoding

/// What `millrace profiles` prints: a line for each profile, the columns aligned. `{name}` and `{name|default}` in the
/// arguments are what `profile_variables` fills in.
struct ProfileTable {
  let catalog: ProfileCatalog

  var text: String {
    var table = TextTable([("name", .left), ("from", .left), ("description", .left), ("arguments", .left)])
    for profile in catalog.profiles {
      let origin =
        switch profile.origin {
        case .builtIn: "built-in"
        case .operatorFile: "file"
        case .template: "request"
        }
      table.add([profile.name, origin, profile.description, profile.template.text])
    }
    return table.text
  }
}

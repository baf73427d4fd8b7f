/// The version of this build, as `millrace --version`, `/info` and `/health` show it.
package enum ProductVersion {
  package static let text = "0.1.0"
}

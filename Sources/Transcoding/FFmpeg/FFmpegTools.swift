/// What the installed FFmpeg is and can do, asked once at start.
package struct FFmpegTools: Sendable, Equatable {
  /// The first line of `ffmpeg -version` up to `Copyright`: `ffmpeg version 5.1.9 …`.
  package let version: String
  /// The text of `ffmpeg -encoders`.
  package let encoders: String
  package let hasExtensionPicky: Bool

  /// Nil if FFmpeg cannot be run. `run` runs it with these arguments and gives its standard output, nil if it failed.
  package static func look(run: @Sendable ([String]) async -> String?) async -> FFmpegTools? {
    guard let text = await run(["-version"]), let line = text.split(whereSeparator: \.isNewline).first else {
      return nil
    }
    let encoders = await run(["-hide_banner", "-encoders"]) ?? ""
    let demuxer = await run(["-hide_banner", "-h", "demuxer=hls"]) ?? ""
    let words = line.split(separator: " ").prefix { $0 != "Copyright" }
    return FFmpegTools(
      version: words.joined(separator: " "), encoders: encoders,
      hasExtensionPicky: demuxer.split(separator: " ").contains("-extension_picky"))
  }
}

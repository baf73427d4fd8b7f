import TestKit
import Testing

/// An output format, and what a client that asks for it must get.
struct ContainerFormat: Sendable {
  let name: String
  var profile = "lowlatency"
  let contentType: String
  /// As ffprobe calls it.
  let container: String
  let codecs: Set<String>

  var hasPicture: Bool { !codecs.isDisjoint(with: ["h264", "vp8"]) }

  static let webmProfile =
    "-i {input_url} -vf scale=96:54 -c:v libvpx -b:v 100k -c:a libvorbis -f webm {output_args}"
  static let mp4 = ContainerFormat(
    name: "mp4", contentType: "video/mp4", container: "mov,mp4,m4a,3gp,3g2,mj2", codecs: ["h264", "aac"])
  static let all = [
    mp4,
    ContainerFormat(
      name: "mkv", contentType: "video/x-matroska", container: "matroska,webm", codecs: ["h264", "aac"]),
    ContainerFormat(name: "flv", contentType: "video/x-flv", container: "flv", codecs: ["h264", "aac"]),
    ContainerFormat(name: "aac", profile: "audio", contentType: "audio/aac", container: "aac", codecs: ["aac"]),
    ContainerFormat(
      name: "mp3", profile: "-i {input_url} -vn -c:a libmp3lame -b:a 64k -f mp3 {output_args}",
      contentType: "audio/mpeg", container: "mp3", codecs: ["mp3"]),
    ContainerFormat(
      name: "webm", profile: webmProfile, contentType: "video/webm", container: "matroska,webm",
      codecs: ["vp8", "vorbis"]),
    ContainerFormat(
      name: "ogg", profile: "-i {input_url} -vn -c:a libvorbis -f ogg {output_args}", contentType: "video/ogg",
      container: "ogg", codecs: ["vorbis"]),
  ]
}

/// Checks a body from its header to its end: the container, its codecs, a decoder that says nothing; `frames`: how many
/// pictures it holds.
func expectWhole(
  _ bytes: [UInt8], _ format: ContainerFormat, frames: Int? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) async throws {
  let folder = try TemporaryFolder("container")
  defer { folder.remove() }
  let path = try folder.write(bytes, to: "body")
  #expect(try await FFmpegTool.decodeErrors(ofFile: path) == "", "\(format.name)", sourceLocation: sourceLocation)
  let media = try await FFmpegTool.probe(file: path)
  #expect(media.format.formatName == format.container, sourceLocation: sourceLocation)
  #expect(Set(media.streams.compactMap(\.codecName)) == format.codecs, sourceLocation: sourceLocation)
  guard let frames else { return }
  #expect(
    try await FFmpegTool.countFrames(ofFile: path) == frames, "\(format.name)", sourceLocation: sourceLocation)
}

/// The profiles that are always there, in their CPU form (api.md §4.1).
enum BuiltInProfiles {
  static let all: [Profile] = [
    profile(
      "default", "Default profile with hardware acceleration",
      "-c:v libx264 -preset faster -b:v {video_bitrate|2M} -c:a aac -b:a {audio_bitrate|128k} -f {format|mp4}"),
    profile(
      "hq", "High quality transcoding",
      "-c:v libx264 -preset faster -crf {crf|23} -c:a aac -b:a {audio_bitrate|192k} -f {format|mp4}"),
    profile(
      "lowlatency", "Low latency streaming",
      "-c:v libx264 -preset faster -tune zerolatency -b:v {video_bitrate|1M} -c:a aac -b:a {audio_bitrate|96k} "
        + "-f {format|mpegts}"),
    profile(
      "720p", "720p transcoding",
      "-c:v libx264 -preset faster -vf scale=1280:720 -b:v {video_bitrate|2500k} -c:a aac "
        + "-b:a {audio_bitrate|128k} -f {format|mp4}"),
    profile(
      "1080p", "1080p transcoding",
      "-c:v libx264 -preset faster -vf scale=1920:1080 -b:v {video_bitrate|5000k} -c:a aac "
        + "-b:a {audio_bitrate|192k} -f {format|mp4}"),
    profile(
      "hevc", "HEVC/H.265 encoding",
      "-c:v libx265 -preset faster -b:v {video_bitrate|2M} -c:a aac -b:a {audio_bitrate|128k} -f {format|mp4}"),
    profile(
      "audio", "Audio only transcoding", "-vn -c:a aac -b:a {audio_bitrate|192k} -f {format|adts}"),
  ]

  private static func profile(_ name: String, _ description: String, _ middle: String) -> Profile {
    do {
      let template = try Template("-i {input_url} \(middle) {output_args|}")
      return Profile(name: name, description: description, template: template, origin: .builtIn)
    } catch {
      preconditionFailure("built-in profile \(name): \(error)")
    }
  }
}

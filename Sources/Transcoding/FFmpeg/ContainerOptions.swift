/// The output options of a container that is made from the log for one client.
struct ContainerOptions {
  let format: OutputFormat
  private let isAAC: Bool

  /// Nil for formats that are the log itself or that it cannot hold.
  init?(format: OutputFormat, audioCodec: String?) {
    switch format {
    case .mpegts, .hls, .webm, .ogg: return nil
    case .mp4, .matroska, .flv, .adts, .mp3: break
    }
    self.format = format
    isAAC = audioCodec == "aac"
  }

  /// AAC in MPEG-TS carries its parameters in each frame; other containers want them once, in front. MP4 and FLV can wait
  /// for the first frame. Matroska on a pipe cannot, so there the sound alone is encoded again. MP4 gets a fragment each
  /// half second: with one for each key frame alone a viewer would wait for the second of these.
  var arguments: [String] {
    let both = ["-map", "0:v:0?", "-map", "0:a:0?", "-c:v", "copy"]
    let rawAAC = isAAC ? ["-bsf:a", "aac_adtstoasc"] : []
    switch format {
    case .mp4:
      return both + ["-c:a", "copy"] + rawAAC
        + ["-movflags", "+frag_keyframe+empty_moov+delay_moov+default_base_moof", "-frag_duration", "500000"]
    case .flv: return both + ["-c:a", "copy"] + rawAAC + ["-flvflags", "+no_duration_filesize"]
    case .matroska: return both + (isAAC ? ["-c:a", "aac", "-b:a", "192k"] : ["-c:a", "copy"]) + ["-live", "1"]
    case .adts: return ["-map", "0:a:0", "-c", "copy"]
    case .mp3: return ["-map", "0:a:0", "-c", "copy", "-write_xing", "0", "-id3v2_version", "0"]
    case .mpegts, .hls, .webm, .ogg: return []
    }
  }
}

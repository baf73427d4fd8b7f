/// What a made-up MPEG-TS looks like: a moving test picture with a clock, and a tone.
package struct MediaShape: Hashable, Sendable {
  /// All but `h264` have B-frames.
  package enum Video: Hashable, Sendable { case h264, h264WithBFrames, hevc, mpeg2 }
  package enum Audio: Hashable, Sendable { case aac, ac3, mp2 }

  /// Nil: no such stream. One of the two must be there.
  package var video: Video?
  package var audio: Audio?
  package var seconds = 10.0
  package var width = 320
  package var height = 180
  package var framesPerSecond = 25
  /// Seconds between key frames; a multiple of the frame duration. All groups are closed.
  package var groupSeconds = 1.0
  package var videoBitsPerSecond = 300_000
  package var audioBitsPerSecond = 64_000
  /// The tone's pitch tells sources apart.
  package var toneHertz = 440

  package init(video: Video?, audio: Audio?) {
    self.video = video
    self.audio = audio
  }

  package static let h264Aac = MediaShape(video: .h264, audio: .aac)
  package static let withBFrames = MediaShape(video: .h264WithBFrames, audio: .aac)
  package static let hevcAac = MediaShape(video: .hevc, audio: .aac)
  package static let mpeg2Ac3 = MediaShape(video: .mpeg2, audio: .ac3)
  package static let audioOnly = MediaShape(video: nil, audio: .aac)

  /// A copy with changes: `MediaShape.h264Aac.with { $0.seconds = 2 }`.
  package func with(_ change: (inout MediaShape) -> Void) -> MediaShape {
    var copy = self
    change(&copy)
    return copy
  }

  /// The number of pictures in `seconds`.
  package var frameCount: Int { Int((seconds * Double(framesPerSecond)).rounded()) }

  /// FFmpeg's inputs for this shape, endless; each in real time if asked for.
  func inputArguments(inRealTime: Bool) -> [String] {
    let pace = inRealTime ? ["-re"] : []
    var arguments: [String] = []
    if video != nil {
      arguments += pace + ["-f", "lavfi", "-i", "testsrc2=size=\(width)x\(height):rate=\(framesPerSecond)"]
    }
    if audio != nil {
      arguments += pace + ["-f", "lavfi", "-i", "sine=frequency=\(toneHertz):sample_rate=48000"]
    }
    return arguments
  }

  /// FFmpeg's codecs for this shape.
  var codecArguments: [String] {
    videoArguments + audioArguments
  }

  private var videoArguments: [String] {
    let group = Int((groupSeconds * Double(framesPerSecond)).rounded())
    let codec: [String]
    switch video {
    case nil: return []
    case .h264: codec = ["libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-bf", "0"]
    case .h264WithBFrames: codec = ["libx264", "-preset", "veryfast", "-bf", "3"]
    case .hevc:
      let keys = "keyint=\(group):min-keyint=\(group):scenecut=0:open-gop=0"
      codec = ["libx265", "-preset", "ultrafast", "-x265-params", "log-level=error:pools=1:\(keys)"]
    case .mpeg2: codec = ["mpeg2video", "-bf", "2", "-flags", "+cgop"]
    }
    let rate = String(videoBitsPerSecond)
    return ["-c:v"] + codec + [
      "-pix_fmt", "yuv420p", "-g", "\(group)", "-keyint_min", "\(group)",
      "-sc_threshold", video == .mpeg2 ? "1000000000" : "0", "-threads", "1",
      "-b:v", rate, "-maxrate", rate, "-bufsize", rate,
    ]
  }

  private var audioArguments: [String] {
    let rate = ["-b:a", "\(audioBitsPerSecond)"]
    switch audio {
    case nil: return []
    case .aac: return ["-c:a", "aac"] + rate
    case .ac3: return ["-c:a", "ac3"] + rate
    case .mp2: return ["-c:a", "mp2"] + rate
    }
  }
}

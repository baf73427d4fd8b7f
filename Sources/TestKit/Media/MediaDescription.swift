internal import Foundation

/// The part of ffprobe's description that tests ask for.
package struct MediaDescription: Sendable, Decodable {
  package struct Stream: Sendable, Decodable {
    /// `video`, `audio`, `data` …
    package let codecType: String
    /// `h264`, `hevc`, `mpeg2video`, `aac`, `ac3` …; nil if unknown to ffprobe.
    package let codecName: String?
    package let width: Int?
    package let height: Int?
    package let sampleRate: String?
    package let channels: Int?
    /// `25/1`
    package let rFrameRate: String?
    package let hasBFrames: Int?
    /// Seconds, as text.
    package let startTime: String?
    package let duration: String?
  }

  package struct Format: Sendable, Decodable {
    /// `mpegts`, `mov,mp4,m4a,3gp,3g2,mj2`, `matroska,webm` …
    package let formatName: String
    /// Seconds, bits per second; as text.
    package let duration: String?
    package let bitRate: String?
  }

  package let streams: [Stream]
  package let format: Format

  init(json: [UInt8]) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    self = try decoder.decode(MediaDescription.self, from: Data(json))
  }

  package var video: Stream? { streams.first { $0.codecType == "video" } }
  package var audio: Stream? { streams.first { $0.codecType == "audio" } }
  /// Seconds; 0 if unknown.
  package var seconds: Double { format.duration.flatMap(Double.init) ?? 0 }
}

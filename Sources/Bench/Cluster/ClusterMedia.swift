import TestKit

/// What the streams of the cluster's benchmarks are made of.
struct ClusterMedia {
  let profile: String
  /// Seconds between the source's key frames: a new source begins with the last one.
  let groupSeconds: Int

  func source() async throws -> SourceServer {
    try await SourceServer.start(live: .encoded(.h264Aac.with { $0.groupSeconds = Double(groupSeconds) }))
  }

  /// A transcode and a relay.
  func streams(_ source: SourceServer) -> [ChangingStream] {
    [
      ChangingStream(
        name: "transcode (\(profile))", path: "/transcode",
        body: #"{"url":"\#(source.url("/live.ts"))","profile":"\#(profile)"}"#, isTranscoded: true),
      ChangingStream(
        name: "direct relay", path: "/streams", body: #"{"url":"\#(source.url("/live-2.ts"))"}"#, isTranscoded: false),
    ]
  }
}

/// A stream that changes its owner under its viewers.
struct ChangingStream {
  let name: String
  let path: String
  let body: String
  /// Whether an FFmpeg runs for it.
  let isTranscoded: Bool
}

/// Where a live source's endless MPEG-TS comes from: one FFmpeg, in real time.
package enum LiveMedia: Sendable {
  /// Encoded as it goes; clean for ever. A small shape costs some hundredths of a core.
  case encoded(MediaShape)
  /// A file, copied again and again; at each joint a frame or two overlap, as in a badly looped channel.
  case looped(MediaFixture)

  var arguments: [String] {
    let inputAndCodecs =
      switch self {
      case .encoded(let shape): shape.inputArguments(inRealTime: true) + shape.codecArguments
      case .looped(let file): ["-re", "-stream_loop", "-1", "-i", file.path, "-map", "0", "-c", "copy"]
      }
    return ["-v", "error", "-nostdin"] + inputAndCodecs + ["-f", "mpegts", "-flush_packets", "1", "pipe:1"]
  }
}

internal import FrameEncoding

/// One segment in the making: from its first good frame to its durable file.
final class SegmentBuilder {
  private let encoder: VideoEncoder
  private let file: SegmentFile
  private let muxer: SegmentMuxer
  private let fitter: PictureFitter
  private let painter: WatermarkPainter?
  private var clock: SampleClock
  private var last: Picture?

  /// `descriptor` is the empty output file; it is taken over.
  init(_ job: EncodeJob, encoder: VideoEncoder, descriptor: Int32) throws(EncodeFailure) {
    self.encoder = encoder
    file = SegmentFile(descriptor: descriptor, counters: job.counters)
    muxer = try SegmentMuxer(encoder, into: file)
    fitter = PictureFitter(size: encoder.settings.size)
    painter = job.watermark.map { WatermarkPainter($0) }
    clock = SampleClock(timing: job.timing, first: job.firstPTS)
    encoder.beginSegment(at: job.firstPTS)
  }

  func add(_ picture: Picture, _ frame: FrameInput) throws(EncodeFailure) {
    let fitted = try fitter.fit(picture)
    if let painter, let moment = frame.requested { try painter.paint(moment, on: fitted) }
    for time in clock.add(captured: frame.captured) { try put(fitted, at: time) }
    last = fitted
  }

  private func put(_ picture: Picture, at time: Int64) throws(EncodeFailure) {
    try muxer.write(try encoder.encode(picture, at: time))
  }

  /// After at least one frame.
  func finish() throws(EncodeFailure) -> EncodedSegment {
    let end = clock.end()
    if let time = end.extraSample, let last { try put(last, at: time) }
    try muxer.finish()
    try file.finish()
    return EncodedSegment(
      bytes: file.bytes, duration: end.duration, nextPTS: end.next, samples: end.samples, size: encoder.settings.size,
      counters: file.counters)
  }
}

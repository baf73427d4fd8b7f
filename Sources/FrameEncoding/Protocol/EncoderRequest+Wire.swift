internal import TransportStream

extension EncoderRequest {
  /// Without its length.
  package var wire: [UInt8] {
    var writer = WireWriter()
    switch self {
    case .encode(let job):
      writer.put(UInt8(1))
      writer.put(job)
    case .check(let base, let frames, let limits):
      writer.put(UInt8(2))
      writer.put(base)
      writer.put(frames) { $0.put($1) }
      writer.put(limits)
    }
    return writer.bytes
  }

  package init(wire bytes: ArraySlice<UInt8>) throws(WireError) {
    var reader = WireReader(bytes)
    switch try reader.byte() {
    case 1: self = .encode(try reader.job())
    case 2: self = .check(base: try reader.text(), frames: try reader.frames(), limits: try reader.limits())
    case let kind: throw WireError(description: "\(kind) is no kind of request")
    }
    try reader.finish()
  }
}

extension WireWriter {
  fileprivate mutating func put(_ job: EncodeJob) {
    put(job.base)
    put(job.frames) { $0.put($1) }
    put(job.limits)
    put(job.timing)
    put(job.geometry)
    put(job.preset)
    put(job.crf)
    put(job.watermark) { writer, style in
      writer.put(style.corner.rawValue)
      writer.put(style.fontSize)
      writer.put(style.format.source)
      writer.put(style.timeZone.name)
      writer.put(style.showsTimeZone)
    }
    put(job.firstPTS)
    put(job.counters)
    put(job.output)
  }

  fileprivate mutating func put(_ frame: FrameInput) {
    put(frame.path)
    put(frame.client)
    put(frame.captured)
    put(frame.requested) { $0.put($1) }
  }

  fileprivate mutating func put(_ limits: FrameLimits) {
    put(limits.maxBytes)
    put(limits.maxPixels)
    put(limits.keepsTruncated)
  }

  private mutating func put(_ timing: FrameTiming) {
    switch timing {
    case .fixed(let duration, let samples):
      put(UInt8(1))
      put(duration)
      put(samples)
    case .capture(let longest, let last):
      put(UInt8(2))
      put(longest)
      put(last)
    }
  }

  private mutating func put(_ geometry: GeometryRule) {
    switch geometry {
    case .session(let size):
      put(UInt8(1))
      put(size)
    case .firstFrame(let maxWidth, let upscales):
      put(UInt8(2))
      put(maxWidth)
      put(upscales)
    }
  }

  mutating func put(_ size: PictureSize) {
    put(size.width)
    put(size.height)
  }

  mutating func put(_ counters: [PIDContinuity]) {
    put(counters) { writer, counter in
      writer.put(Int(counter.pid))
      writer.put(counter.counter)
    }
  }
}

extension WireReader {
  fileprivate mutating func job() throws(WireError) -> EncodeJob {
    EncodeJob(
      base: try text(), frames: try frames(), limits: try limits(), timing: try timing(), geometry: try geometry(),
      preset: try text(), crf: try integer(), watermark: try watermark(), firstPTS: try number(),
      counters: try counters(), output: try text())
  }

  fileprivate mutating func frames() throws(WireError) -> [FrameInput] {
    try list { reader throws(WireError) in
      FrameInput(
        path: try reader.text(), client: try reader.text(), captured: try reader.number(),
        requested: try reader.optional { reader throws(WireError) in try reader.number() })
    }
  }

  fileprivate mutating func limits() throws(WireError) -> FrameLimits {
    FrameLimits(maxBytes: try integer(), maxPixels: try integer(), keepsTruncated: try flag())
  }

  private mutating func watermark() throws(WireError) -> WatermarkStyle? {
    try optional { reader throws(WireError) in
      let position = try reader.text()
      let fontSize = try reader.integer()
      let format = try reader.text()
      let timeZone = try reader.text()
      let showsTimeZone = try reader.flag()
      do throws(WatermarkError) {
        return try WatermarkStyle(
          position: position, fontSize: fontSize, format: format, timeZone: timeZone, showsTimeZone: showsTimeZone)
      } catch { throw WireError(description: "\(error)") }
    }
  }

  private mutating func timing() throws(WireError) -> FrameTiming {
    switch try byte() {
    case 1: .fixed(duration: try number(), samples: try integer())
    case 2: .capture(longest: try number(), last: try number())
    case let kind: throw WireError(description: "\(kind) is no kind of timing")
    }
  }

  private mutating func geometry() throws(WireError) -> GeometryRule {
    switch try byte() {
    case 1: .session(try size())
    case 2: .firstFrame(maxWidth: try integer(), upscales: try flag())
    case let kind: throw WireError(description: "\(kind) is no kind of geometry")
    }
  }

  mutating func size() throws(WireError) -> PictureSize {
    PictureSize(width: try integer(), height: try integer())
  }

  mutating func counters() throws(WireError) -> [PIDContinuity] {
    try list { reader throws(WireError) in
      PIDContinuity(pid: UInt16(clamping: try reader.number()) & 0x1FFF, counter: try reader.byte() & 0xF)
    }
  }
}

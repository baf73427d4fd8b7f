/// What an encoder process says to a request.
package typealias EncoderAnswer = Result<EncodeReport, EncodeFailure>

extension EncoderAnswer {
  /// Without its length.
  package var wire: [UInt8] {
    var writer = WireWriter()
    switch self {
    case .success(let report):
      writer.put(UInt8(1))
      writer.put(report.frames) { $0.put($1) }
      writer.put(report.segment) { $0.put($1) }
      writer.put(report.processorMicroseconds)
    case .failure(let failure):
      writer.put(UInt8(2))
      writer.put(failure.code.rawValue)
      writer.put(Int64(failure.systemError))
      writer.put(failure.message)
    }
    return writer.bytes
  }

  package init(wire bytes: ArraySlice<UInt8>) throws(WireError) {
    var reader = WireReader(bytes)
    switch try reader.byte() {
    case 1:
      let frames = try reader.list { reader throws(WireError) in try reader.outcome() }
      let segment = try reader.optional { reader throws(WireError) in try reader.segment() }
      self = .success(
        EncodeReport(frames: frames, segment: segment, processorMicroseconds: try reader.number()))
    case 2: self = .failure(try reader.failure())
    case let kind: throw WireError(description: "\(kind) is no kind of answer")
    }
    try reader.finish()
  }
}

extension WireWriter {
  fileprivate mutating func put(_ outcome: FrameOutcome) {
    switch outcome {
    case .good(let truncated):
      put(UInt8(truncated ? 2 : 1))
    case .bad(let fault, let detail):
      put(UInt8(0))
      put(fault.rawValue)
      put(detail)
    }
  }

  fileprivate mutating func put(_ segment: EncodedSegment) {
    put(segment.bytes)
    put(segment.duration)
    put(segment.nextPTS)
    put(segment.samples)
    put(segment.size)
    put(segment.counters)
  }
}

extension WireReader {
  fileprivate mutating func outcome() throws(WireError) -> FrameOutcome {
    switch try byte() {
    case 1: return .good(truncated: false)
    case 2: return .good(truncated: true)
    case 0:
      guard let fault = FrameFault(rawValue: try text()) else { throw WireError(description: "no such fault") }
      return .bad(fault, detail: try text())
    case let kind: throw WireError(description: "\(kind) is no kind of outcome")
    }
  }

  fileprivate mutating func segment() throws(WireError) -> EncodedSegment {
    EncodedSegment(
      bytes: try integer(), duration: try number(), nextPTS: try number(), samples: try integer(), size: try size(),
      counters: try counters())
  }

  fileprivate mutating func failure() throws(WireError) -> EncodeFailure {
    guard let code = EncodeFailure.Code(rawValue: try byte()) else { throw WireError(description: "no such failure") }
    return EncodeFailure(code, systemError: Int32(clamping: try number()), try text())
  }
}

/// Entry point for a fuzzer: anything at all as input of everything here that reads foreign bytes. Traps if what comes
/// out is not whole packets with a sync byte, or if the log could not rely on the marks.
///
/// The first byte chooses the size of the pieces and where a new run begins; the rest is the stream.
package func fuzzTransportStream(_ bytes: UnsafeRawBufferPointer) {
  guard let choice = bytes.first else { return }
  fuzzParsers(bytes)
  let stream = Array(bytes.dropFirst())
  fuzzPipeline(stream, pieceSize: 1 + Int(choice) * 11, restart: choice & 1 == 0)
  fuzzUnaligned(stream)
}

/// Aligner and normaliser as a worker uses them.
private func fuzzPipeline(_ stream: [UInt8], pieceSize: Int, restart: Bool) {
  var aligner = PacketAligner()
  var normalizer = StreamNormalizer()
  var sink = FuzzSink()
  normalizer.beginRun()
  var copy = stream
  copy.withUnsafeMutableBytes { all in
    var offset = 0
    while offset < all.count {
      let end = min(offset + pieceSize, all.count)
      let piece = UnsafeMutableRawBufferPointer(rebasing: all[offset..<end])
      aligner.push(piece) { run in normalizer.push(run) { sink.take($0) } }
      if restart, offset < all.count / 2, end >= all.count / 2 {
        normalizer.flush { sink.take($0) }
        normalizer.beginRun()
      }
      offset = end
    }
  }
  aligner.finish { run in normalizer.push(run) { sink.take($0) } }
  normalizer.flush { sink.take($0) }
  _ = Splice.preface(continuity: normalizer.continuity)
  precondition(normalizer.counters.packetsOut == sink.packets, "packets out are miscounted")
}

/// The normaliser without an aligner before it.
private func fuzzUnaligned(_ stream: [UInt8]) {
  var normalizer = StreamNormalizer(continuing: [PIDContinuity(pid: 256, counter: 7)], lastDecodeTime: .max)
  var sink = FuzzSink()
  var copy = stream
  copy.withUnsafeMutableBytes { all in normalizer.push(all) { sink.take($0) } }
  normalizer.flush { sink.take($0) }
}

private func fuzzParsers(_ bytes: UnsafeRawBufferPointer) {
  _ = PESHeader.parse(bytes)
  _ = ProgramAssociation(section: bytes)
  _ = ProgramMap(section: bytes, tablePID: 32)
  _ = VideoSize(h264: bytes)
  _ = VideoSize(hevc: bytes)
  _ = VideoSize(mpeg: bytes)
  for codec in [StreamCodec.aac, .mpegAudio] { _ = AudioHeader(bytes, codec: codec) }
  guard bytes.count >= PacketView.size, let base = bytes.baseAddress else { return }
  let view = PacketView(base)
  _ = (view.clock, view.randomAccess, view.discontinuity, view.payload.count)
  var checker = ContinuityChecker()
  checker.push(bytes)
}

/// What the log may rely on.
private struct FuzzSink {
  var packets: UInt64 = 0
  private var awaitsTables = false

  mutating func take(_ event: NormalizedEvent) {
    switch event {
    case .mark(let mark):
      precondition(mark.randomAccess || !mark.hasTables, "tables away from a random access point")
      precondition(mark.hasTables || !mark.discontinuity, "a splice without tables")
      awaitsTables = mark.hasTables
    case .clock: break
    case .packets(let bytes):
      precondition(!bytes.isEmpty && bytes.count % PacketView.size == 0, "not whole packets")
      for offset in stride(from: 0, to: bytes.count, by: PacketView.size) {
        precondition(bytes[offset] == 0x47, "no sync")
      }
      packets += UInt64(bytes.count / PacketView.size)
      precondition(!awaitsTables || (bytes[1] & 0x1F == 0 && bytes[2] == 0), "no PAT where tables were announced")
      awaitsTables = false
    }
  }
}

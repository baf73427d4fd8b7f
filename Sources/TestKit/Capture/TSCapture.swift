/// Cutting captures to what a decoder can judge.
package enum TSCapture {
  /// A capture ends wherever the reading stopped. This one ends, on each PID, with the last frame that is whole: what
  /// belongs to the last frame begun on a PID, and a torn packet, is left out.
  package static func withoutTornEnd(_ bytes: [UInt8]) -> [UInt8] {
    let count = bytes.count / 188
    var lastUnit: [UInt16: Int] = [:]
    for number in 0..<count {
      let packet = TSPacketView(bytes[(number * 188)..<(number * 188 + 188)])
      if packet.beginsUnit, packet.payload.starts(with: [0, 0, 1]) { lastUnit[packet.pid] = number }
    }
    var kept: [UInt8] = []
    kept.reserveCapacity(bytes.count)
    for number in 0..<count {
      let slice = bytes[(number * 188)..<(number * 188 + 188)]
      if number < lastUnit[TSPacketView(slice).pid] ?? count { kept += slice }
    }
    return kept
  }
}

extension TSCapture {
  /// The frames of the first video stream that a capture has, in order: decode time (90 kHz) and the offset of the first byte.
  package static func videoFrames(_ bytes: [UInt8]) -> [(time: UInt64, offset: Int)] {
    var tables = TSTables()
    var frames: [(time: UInt64, offset: Int)] = []
    for offset in stride(from: 0, through: bytes.count - 188, by: 188) {
      let packet = TSPacketView(bytes[offset..<(offset + 188)])
      _ = tables.take(packet)
      guard let type = tables.streams[packet.pid], KeyFrame.isVideo(streamType: type), packet.beginsUnit,
        let time = decodingTime(ofPES: packet.payload)
      else { continue }
      frames.append((time, offset))
    }
    return frames
  }
}

extension LiveCapture {
  /// The longest time from one picture's arrival to the next one's, of the pictures that came after a moment. Null packets
  /// are none. Zero if the capture does not keep its bytes.
  package func longestPictureGap(after moment: ContinuousClock.Instant) -> Duration {
    let arrivals = TSCapture.videoFrames(bytes).compactMap { arrival(ofByte: $0.offset + 187) }.filter { $0 > moment }
    return zip(arrivals, arrivals.dropFirst()).map { $0.duration(to: $1) }.max() ?? .zero
  }
}

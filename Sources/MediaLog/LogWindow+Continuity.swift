internal import TransportStream

extension LogWindow {
  /// The last continuity counter of each PID of the log behind its last chunk: what a writer that goes on here needs. Only
  /// random access points tell them all, and a rare PID may be in none of the chunks that follow.
  var continuityBehind: ContiguousArray<PIDContinuity> {
    let start = items.lastIndex { !$0.chunk.header.continuity.isEmpty } ?? items.startIndex
    guard start < items.endIndex else { return [] }
    return items[start...].reduce(items[start].chunk.header.continuity) { counters, item in
      PIDContinuity.moved(counters, over: UnsafeRawBufferPointer(start: item.chunk.bytes, count: item.byteCount))
    }
  }

  /// The latest presentation time of a picture in the last second or so: near `time`, unwrapped, 90 kHz. Pictures are shown
  /// in another order than they are decoded in, so that this may lie behind the last decode time. Nil without video.
  func latestPicture(near time: Int64) -> Int64? {
    var latest: Int64?
    for item in items.suffix(4) {
      for offset in stride(from: 0, to: item.byteCount / PacketView.size * PacketView.size, by: PacketView.size) {
        guard let shown = Self.presentationTime(item.chunk.bytes + offset) else { continue }
        latest = max(latest ?? .min, Timeline.unwrap(shown, near: time, modulus: 1 << 33))
      }
    }
    return latest
  }

  /// Of the picture that begins in a packet.
  private static func presentationTime(_ packet: UnsafeMutableRawPointer) -> Int64? {
    let view = PacketView(packet)
    guard view.isWellFormed, view.payloadUnitStart, view.hasPayload, view.scrambling == 0, view.payload.count > 3,
      view.payload[3] & 0xF0 == 0xE0, case .complete(let header) = PESHeader.parse(view.payload)
    else { return nil }
    return header.presentationTime
  }
}

/// Channels and sample rate out of the first frame header of an audio stream.
struct AudioHeader: Equatable {
  var channels: Int
  /// Hz.
  var sampleRate: Int

  private static let aacRates = [
    96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
  ]
  private static let mpegRates = [44100, 48000, 32000]

  /// From the beginning of a PES payload. Nil for other codecs, or if no frame begins there.
  init?(_ frame: UnsafeRawBufferPointer, codec: StreamCodec) {
    guard frame.count >= 4, frame[0] == 0xFF, frame[1] & 0xE0 == 0xE0 else { return nil }
    switch codec {
    case .aac: self.init(adts: frame)
    case .mpegAudio: self.init(mpeg: frame)
    default: return nil
    }
  }

  /// ISO/IEC 13818-7 section 6.2.1.
  private init?(adts frame: UnsafeRawBufferPointer) {
    guard frame[1] & 0xF6 == 0xF0 else { return nil }
    let rate = Int(frame[2] >> 2 & 0x0F)
    let configuration = Int(frame[2] & 1) << 2 | Int(frame[3] >> 6)
    // 0: the channels stand in the stream itself. 7 means 7.1.
    guard rate < AudioHeader.aacRates.count, configuration > 0 else { return nil }
    channels = configuration == 7 ? 8 : configuration
    sampleRate = AudioHeader.aacRates[rate]
  }

  /// ISO/IEC 11172-3 section 2.4.1.3, and the half and quarter rates of 13818-3 and MPEG-2.5.
  private init?(mpeg frame: UnsafeRawBufferPointer) {
    let index = Int(frame[2] >> 2 & 3)
    guard index < 3 else { return nil }
    let divider: Int
    switch frame[1] >> 3 & 3 {
    case 3: divider = 1
    case 2: divider = 2
    case 0: divider = 4
    default: return nil
    }
    channels = frame[3] >> 6 == 3 ? 1 : 2
    sampleRate = AudioHeader.mpegRates[index] / divider
  }
}

/// What an elementary stream is coded in. The raw values are FFmpeg's names.
package enum StreamCodec: String, Equatable, Sendable {
  case mpeg1 = "mpeg1video"
  case mpeg2 = "mpeg2video"
  case mpeg4
  case h264
  case hevc
  case vvc
  case vc1
  case av1
  case aac
  case aacLATM = "aac_latm"
  /// Layer I, II or III: the stream_type does not say which.
  case mpegAudio = "mp2"
  case ac3
  case eac3
  case dts
  case opus
  case teletext = "dvb_teletext"
  case subtitle = "dvb_subtitle"
  case unknown

  package var isVideo: Bool {
    switch self {
    case .mpeg1, .mpeg2, .mpeg4, .h264, .hevc, .vvc, .vc1, .av1: true
    default: false
    }
  }

  package var isAudio: Bool {
    switch self {
    case .aac, .aacLATM, .mpegAudio, .ac3, .eac3, .dts, .opus: true
    default: false
    }
  }

  /// From stream_type (ISO/IEC 13818-1 table 2-34, ATSC A/53) and the descriptors of the stream in the PMT.
  init(streamType: UInt8, descriptors: UnsafeRawBufferPointer) {
    switch streamType {
    case 0x01: self = .mpeg1
    case 0x02: self = .mpeg2
    case 0x03, 0x04: self = .mpegAudio
    case 0x0F: self = .aac
    case 0x10: self = .mpeg4
    case 0x11: self = .aacLATM
    case 0x1B: self = .h264
    case 0x24: self = .hevc
    case 0x33: self = .vvc
    case 0x81: self = .ac3
    case 0x82: self = .dts
    case 0x87: self = .eac3
    case 0xEA: self = .vc1
    case 0x06: self = StreamCodec.privateData(descriptors)
    default: self = .unknown
    }
  }

  /// Stream type 0x06 says nothing; the descriptors of DVB (ETSI EN 300 468) and the registrations do.
  private static func privateData(_ descriptors: UnsafeRawBufferPointer) -> StreamCodec {
    var offset = 0
    while offset + 2 <= descriptors.count {
      let end = offset + 2 + Int(descriptors[offset + 1])
      guard end <= descriptors.count else { break }
      let body = UnsafeRawBufferPointer(rebasing: descriptors[offset + 2..<end])
      if let codec = described(tag: descriptors[offset], body) { return codec }
      offset = end
    }
    return .unknown
  }

  private static func described(tag: UInt8, _ body: UnsafeRawBufferPointer) -> StreamCodec? {
    switch tag {
    case 0x05: registered(body)
    case 0x56: .teletext
    case 0x59: .subtitle
    case 0x6A: .ac3
    case 0x7A: .eac3
    case 0x7B: .dts
    case 0x7C: .aac
    case 0x7F: body.first == 0x80 ? .opus : nil
    default: nil
    }
  }

  private static func registered(_ body: UnsafeRawBufferPointer) -> StreamCodec? {
    guard body.count >= 4 else { return nil }
    let format = body.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    switch format {
    case 0x4845_5643: return .hevc  // HEVC
    case 0x4143_2D33: return .ac3  // AC-3
    case 0x4541_4333: return .eac3  // EAC3
    case 0x4F70_7573: return .opus  // Opus
    case 0x5643_2D31: return .vc1  // VC-1
    case 0x4156_3031: return .av1  // AV01
    case 0x4454_5331, 0x4454_5332, 0x4454_5333: return .dts  // DTS1, DTS2, DTS3
    default: return nil
    }
  }
}

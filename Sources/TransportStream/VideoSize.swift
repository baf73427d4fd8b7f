/// Width and height of a picture in pixels.
package struct VideoSize: Equatable, Sendable {
  package var width: Int
  package var height: Int

  private static let limit = 16_384

  /// Nil unless both are 1...16,384.
  package init?(width: Int, height: Int) {
    guard (1...VideoSize.limit).contains(width), (1...VideoSize.limit).contains(height) else { return nil }
    self.width = width
    self.height = height
  }

  /// From a sequence parameter set of ITU-T H.264 section 7.3.2.1.1, without its NAL header byte.
  init?(h264 parameters: UnsafeRawBufferPointer) {
    var reader = BitReader(parameters)
    let profile = reader.bits(8)
    reader.skip(16)
    _ = reader.unsigned()
    var chroma = 1
    if [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135].contains(profile) {
      chroma = reader.unsigned()
      if chroma == 3 { reader.skip(1) }
      _ = (reader.unsigned(), reader.unsigned())
      reader.skip(1)
      if reader.flag() { VideoSize.skipScalingLists(&reader, count: chroma == 3 ? 12 : 8) }
    }
    VideoSize.skipOrderCount(&reader)
    _ = reader.unsigned()
    reader.skip(1)
    let columns = reader.unsigned() &+ 1
    let rows = reader.unsigned() &+ 1
    let framesOnly = reader.flag()
    if !framesOnly { reader.skip(1) }
    reader.skip(1)
    var size = (columns &* 16, rows &* (framesOnly ? 16 : 32))
    if reader.flag() {
      let horizontal = reader.unsigned() &+ reader.unsigned()
      let vertical = reader.unsigned() &+ reader.unsigned()
      size.0 &-= horizontal &* (chroma == 1 || chroma == 2 ? 2 : 1)
      size.1 &-= vertical &* (chroma == 1 ? 2 : 1) &* (framesOnly ? 1 : 2)
    }
    guard !reader.isOverrun else { return nil }
    self.init(width: size.0, height: size.1)
  }

  private static func skipScalingLists(_ reader: inout BitReader, count: Int) {
    for list in 0..<count where reader.flag() {
      var (last, next) = (8, 8)
      for _ in 0..<(list < 6 ? 16 : 64) {
        if next != 0 { next = (last &+ reader.signed()) & 0xFF }
        if next != 0 { last = next }
      }
    }
  }

  private static func skipOrderCount(_ reader: inout BitReader) {
    _ = reader.unsigned()
    switch reader.unsigned() {
    case 0: _ = reader.unsigned()
    case 1:
      reader.skip(1)
      _ = (reader.signed(), reader.signed())
      for _ in 0..<min(reader.unsigned(), 255) { _ = reader.signed() }
    default: break
    }
  }

  /// From a sequence parameter set of ITU-T H.265 section 7.3.2.2.1, without its two NAL header bytes.
  init?(hevc parameters: UnsafeRawBufferPointer) {
    var reader = BitReader(parameters)
    reader.skip(4)
    let subLayers = Int(reader.bits(3))
    reader.skip(1 + 96)
    VideoSize.skipSubLayers(&reader, count: subLayers)
    _ = reader.unsigned()
    let chroma = reader.unsigned()
    if chroma == 3 { reader.skip(1) }
    var size = (reader.unsigned(), reader.unsigned())
    if reader.flag() {
      let horizontal = reader.unsigned() &+ reader.unsigned()
      let vertical = reader.unsigned() &+ reader.unsigned()
      size.0 &-= horizontal &* (chroma == 1 || chroma == 2 ? 2 : 1)
      size.1 &-= vertical &* (chroma == 1 ? 2 : 1)
    }
    guard !reader.isOverrun else { return nil }
    self.init(width: size.0, height: size.1)
  }

  private static func skipSubLayers(_ reader: inout BitReader, count: Int) {
    guard count > 0 else { return }
    let present = (0..<count).map { _ in (profile: reader.flag(), level: reader.flag()) }
    reader.skip(2 * (8 - count))
    for layer in present { reader.skip((layer.profile ? 88 : 0) + (layer.level ? 8 : 0)) }
  }

  /// From a sequence header of MPEG-1 or MPEG-2 video (ISO/IEC 13818-2 section 6.2.2.1), without its start code.
  init?(mpeg header: UnsafeRawBufferPointer) {
    guard header.count >= 3 else { return nil }
    let width = Int(header[0]) << 4 | Int(header[1] >> 4)
    self.init(width: width, height: Int(header[1] & 0x0F) << 8 | Int(header[2]))
  }
}

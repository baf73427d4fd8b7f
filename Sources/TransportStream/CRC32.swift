/// The CRC of sections: ISO/IEC 13818-1 annex A, polynomial 0x04C11DB7, all ones at the start, nothing inverted.
package enum CRC32 {
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index) << 24) { value, _ in value << 1 ^ (value >> 31 != 0 ? 0x04C1_1DB7 : 0) }
  }

  /// 0 if `bytes` end with their own CRC.
  package static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    table.withUnsafeBufferPointer { table in
      bytes.reduce(0xFFFF_FFFF) { value, byte in value << 8 ^ table[Int(value >> 24) ^ Int(byte)] }
    }
  }
}

internal import Glibc

/// Puts the sections of one PID together: ISO/IEC 13818-1 section 2.4.4. Give it a payload, then take sections until
/// there are none. Sections whose CRC is wrong, and those that the source broke off, do not appear.
final class SectionAssembler {
  /// Bytes of the longest section, private ones included.
  static let capacity = 4096

  private let section: UnsafeMutableRawPointer = .allocate(byteCount: capacity, alignment: 16)
  private var count = 0
  private var isCollecting = false
  /// What is left of the payload: first the rest of a section from before, then sections that begin in it.
  private var remainder = UnsafeRawBufferPointer(start: nil, count: 0)
  private var starts = UnsafeRawBufferPointer(start: nil, count: 0)

  deinit { section.deallocate() }

  /// Packets were lost: what was collected is worthless.
  func reset() {
    isCollecting = false
  }

  /// Takes the payload of the next packet; it must stay valid until `next` has returned nil.
  func begin(_ payload: UnsafeRawBufferPointer, unitStart: Bool) {
    let none = UnsafeRawBufferPointer(start: nil, count: 0)
    (remainder, starts) = (none, none)
    guard unitStart else {
      remainder = payload
      return
    }
    guard let pointer = payload.first, 1 + Int(pointer) <= payload.count else { return reset() }
    remainder = UnsafeRawBufferPointer(rebasing: payload[1..<1 + Int(pointer)])
    starts = UnsafeRawBufferPointer(rebasing: payload[(1 + Int(pointer))...])
  }

  /// The next whole section with a right CRC, valid until the next call.
  func next() -> UnsafeRawBufferPointer? {
    if isCollecting, !remainder.isEmpty {
      remainder = collect(remainder)
      if let complete = takeComplete() { return complete }
    }
    remainder = UnsafeRawBufferPointer(start: nil, count: 0)
    // 0xFF where a table_id should be: stuffing up to the end of the packet.
    while let tableID = starts.first, tableID != 0xFF {
      count = 0
      isCollecting = true
      starts = collect(starts)
      if let complete = takeComplete() { return complete }
    }
    return nil
  }

  /// Copies what belongs to the section; returns what comes after it.
  private func collect(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    var rest = bytes
    while isCollecting, !rest.isEmpty, count < length ?? 3 {
      let taken = min(rest.count, (length ?? 3) - count)
      guard count + taken <= SectionAssembler.capacity else {
        reset()
        return UnsafeRawBufferPointer(start: nil, count: 0)
      }
      UnsafeMutableRawBufferPointer(start: section + count, count: taken)
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<taken]))
      count += taken
      rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
    }
    return rest
  }

  /// Bytes of the section with its header; nil before the header is there.
  private var length: Int? {
    guard count >= 3 else { return nil }
    let high = section.load(fromByteOffset: 1, as: UInt8.self) & 0x0F
    return 3 + Int(high) << 8 + Int(section.load(fromByteOffset: 2, as: UInt8.self))
  }

  private func takeComplete() -> UnsafeRawBufferPointer? {
    guard isCollecting, let length, count >= length else { return nil }
    isCollecting = false
    let complete = UnsafeRawBufferPointer(start: section, count: length)
    let hasSyntax = complete[1] & 0x80 != 0
    return hasSyntax && length >= 12 && CRC32.of(complete) == 0 ? complete : nil
  }
}

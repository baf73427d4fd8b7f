import Testing

@testable import TransportStream

struct PacketViewTests {
  private func view<T>(_ head: [UInt8], _ read: (PacketView) -> T) -> T {
    let packet = head + [UInt8](repeating: 0xAA, count: 188 - head.count)
    return packet.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { preconditionFailure("an empty packet") }
      return read(PacketView(base))
    }
  }

  @Test func headerFields() {
    let head: [UInt8] = [0x47, 0xDF, 0xFE, 0x9A]
    #expect(view(head) { $0.hasSync && $0.transportError && $0.payloadUnitStart })
    #expect(view(head) { $0.pid } == 0x1FFE)
    #expect(view(head) { $0.scrambling } == 2)
    #expect(view(head) { $0.continuityCounter } == 10)
    #expect(view(head) { $0.hasPayload && !$0.hasAdaptationField })
    #expect(view([0x48, 0x20, 0x11, 0x30]) { !$0.hasSync && !$0.transportError && !$0.payloadUnitStart })
    #expect(view([0x48, 0x20, 0x11, 0x30]) { $0.pid } == 0x11)
  }

  @Test(arguments: [
    // adaptation_field_control and length; well formed; payload bytes
    (0x10, 255, true, 184), (0x00, 0, false, 0), (0x20, 183, true, 0), (0x20, 184, false, 0), (0x20, 255, false, 0),
    (0x30, 0, true, 183), (0x30, 182, true, 1), (0x30, 183, false, 0), (0x30, 255, false, 0),
  ])
  func adaptationFieldLength(_ control: UInt8, _ length: UInt8, _ isWellFormed: Bool, _ payload: Int) {
    let head: [UInt8] = [0x47, 0, 0, control, length, 0xFF]
    #expect(view(head) { $0.isWellFormed } == isWellFormed)
    #expect(view(head) { $0.payload.count } == payload)
    // Flags need a field that is there, not empty, and inside the packet.
    let hasFlags = control & 0x20 != 0 && isWellFormed && length > 0
    #expect(view(head) { $0.randomAccess } == hasFlags)
    #expect(view(head) { $0.discontinuity } == hasFlags)
  }

  @Test(arguments: [0, 1, 299, 300, 27_000_000, (1 << 33) * 300 - 1])
  func clockThereAndBack(_ clock: Int64) {
    #expect(view([0x47, 0, 0, 0x20, 183, 0x10] + TestStream.clockBytes(clock)) { $0.clock } == clock)
  }

  @Test func noClockWhereNoneFits() {
    let clock = TestStream.clockBytes(5)
    #expect(view([0x47, 0, 0, 0x20, 6, 0x10] + clock) { $0.clock } == nil)
    #expect(view([0x47, 0, 0, 0x20, 183, 0x00] + clock) { $0.clock } == nil)
    #expect(view([0x47, 0, 0, 0x20, 200, 0x10] + clock) { $0.clock } == nil)
    #expect(view([0x47, 0, 0, 0x20, 183, 0x10, 0, 0, 0, 0, 0x7F, 0xFF]) { $0.clock } == nil, "extension 511")
  }
}

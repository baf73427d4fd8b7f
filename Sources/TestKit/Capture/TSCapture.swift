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

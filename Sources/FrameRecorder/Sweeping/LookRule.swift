/// When a sweep looks into a device's folder, which costs as much as there are files in it: once a period, each device at
/// a time of its own, whichever worker sweeps.
struct LookRule: Sendable {
  /// ms
  let period: Int64
  private static let shortest: Int64 = 900_000
  private static let longest: Int64 = 3_600_000

  /// `keep`: how long JPEGs stay, ms.
  init(keep: Int64) { period = min(Self.longest, max(Self.shortest, keep / 16)) }

  /// `looked`: the last time, by Redis' clock; nil: never.
  func isDue(_ device: DevicePair, looked: FrameTime?, now: FrameTime) -> Bool {
    guard let looked else { return true }
    let shift = Int64(ZlibCRC32.of(device.description.utf8)) % period
    return (now.milliseconds + shift) / period > (looked.milliseconds + shift) / period
  }

  /// A device without an index, of which nothing but this process knows when it was looked at.
  func isDueWithoutIndex(looked: FrameTime?, now: FrameTime) -> Bool {
    looked.map { now.milliseconds(since: $0) >= Self.shortest } ?? true
  }
}

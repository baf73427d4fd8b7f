internal import CLinux

/// When the memory of devices that were let go is given back to the system: once half of them are gone. What is freed in
/// between stays with the process, for those that come.
package struct MemoryReturn: Sendable {
  private var most = 0

  package init() {}

  /// `devices`: that are in memory now. True: it is time.
  package mutating func looked(devices: Int) -> Bool {
    most = max(most, devices)
    guard devices < (most + 1) / 2 else { return false }
    most = devices
    return true
  }

  /// Takes some milliseconds.
  package static func giveBack() { clinux_return_memory() }
}

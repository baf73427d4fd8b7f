import FrameRecorder
import Testing

@Suite("Memory of devices that were let go") struct MemoryReturnTests {
  @Test("is given back once half of them are gone, once")
  func halves() {
    var memory = MemoryReturn()
    let looks = [0, 10, 1_000, 900, 501, 499, 499, 251, 248, 0, 0, 1, 0]
    let given: Set = [5, 8, 9, 12]
    for (place, devices) in looks.enumerated() {
      #expect(memory.looked(devices: devices) == given.contains(place), "look \(place): \(devices)")
    }
  }
}

import FrameRecorder
import Testing

@Suite("Paths of frames") struct FramePathRuleTests {
  @Test(
    "lead below the client's folder",
    arguments: [
      ("client_ids/c1/device_id/d1/frames/a.jpg", "client_ids/c1/device_id/d1/frames/a.jpg"),
      ("/base/client_ids/c1/x/'a\nb.jpg", "client_ids/c1/x/'a\nb.jpg"),
      ("/mnt/in/client_ids/c1/a.jpg", "client_ids/c1/a.jpg"),
    ])
  func good(path: String, place: String) throws {
    let rule = FramePathRule(base: "/base/", map: [("/mnt/in", "/base"), ("/mnt", "/nowhere")])
    #expect(rule.place(path, of: try FrameRig.pair("c1:d1")) == .file(place))
  }

  @Test(
    "that lead elsewhere are refused",
    arguments: [
      ("client_ids/c2/a.jpg", DeadLetterReason.path), ("/etc/passwd", .path), ("client_ids/c1/../c2/a.jpg", .path),
      ("/base/client_ids/c1", .path), ("client_ids/c1//a.jpg", .path), ("./client_ids/c1/a.jpg", .path),
      ("/base2/client_ids/c1/a.jpg", .path), ("client_ids/c1/", .path), ("s3://b/a.jpg", .unsupportedStorage),
      ("GS://b/a.jpg", .unsupportedStorage), ("client_ids/c11/a.jpg", .path),
    ])
  func bad(path: String, reason: DeadLetterReason) throws {
    guard case .bad(reason, _) = FramePathRule(base: "/base").place(path, of: try FrameRig.pair("c1:d1")) else {
      throw Missing("a refusal")
    }
  }
}

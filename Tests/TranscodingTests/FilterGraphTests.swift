import Foundation
import Testing

@testable import Transcoding

@Suite struct FilterGraphTests {
  @Test func cutsAsFFmpegDoes() throws {
    let graph = try #require(
      FilterGraph(
        "sws_flags=bicubic; [0:v] scale = w='min(1280,iw)':h=-2 [a]; [a]fps@x=25,null , drawtext=text=a\\,b\\:c"))
    #expect(graph.filters.map(\.name) == ["scale", "fps", "null", "drawtext"])
    #expect(graph.filters[0].options == [.init(name: "w", value: "min(1280,iw)"), .init(name: "h", value: "-2")])
    #expect(graph.filters[1].options == [.init(name: nil, value: "25")])
    // One level of escaping is the graph's, so that the colon separates options again.
    #expect(graph.filters[3].options == [.init(name: "text", value: "a,b"), .init(name: nil, value: "c")])
  }

  /// The allow-list stands on the claim that none of its filters can open anything.
  @Test(.timeLimit(.minutes(3))) func noAllowedFilterOpensAnything() async throws {
    let script = "for filter; do echo \"@ $filter\"; ffmpeg -hide_banner -h \"filter=$filter\"; done"
    let result = await Tool.run("sh", ["-c", script, "sh"] + FilterPolicy.allowed.sorted())
    let suspicious = ["file", "path", "url", "model", "library", "plugin", "script", "command", "font"]
    var known = 0
    var filter = ""
    for line in try #require(result.output).split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.first == "@" { filter = String(words[1]) }
      if words.first == "Filter" { known += 1 }
      guard words.count > 1, words[1].hasPrefix("<") else { continue }
      let name = words[0].lowercased()
      #expect(!suspicious.contains { name.contains($0) }, "\(filter) has the option \(name)")
    }
    // Some filters need hardware or a newer FFmpeg, but most must have answered.
    #expect(known > FilterPolicy.allowed.count * 3 / 4)
  }
}

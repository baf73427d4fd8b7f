import Foundation
import TestKit

/// What is in the recordings, counted by decoding them: each picture carries the number of its frame.
struct RecordingCheck {
  let folder: TemporaryFolder
  let devices: Int
  let frames: Int

  struct Result {
    var devices = 0
    var segments = 0
    var pictures = 0
    var missing = 0
    var twice = 0
    var outOfOrder = 0
    var unreadable = 0
    var warnings = 0
    var shortSegments = 0

    var row: String {
      "decoded: \(devices) devices, \(segments) segments (\(shortSegments) of fewer than 6 frames), \(pictures) pictures;"
        + " missing \(missing), twice \(twice), out of order \(outOfOrder), unreadable \(unreadable),"
        + " devices that FFmpeg warns of \(warnings)"
    }
  }

  /// Frames that the index has.
  func recorded(_ redis: RedisServer) async throws -> Int {
    let sum = """
      local sum = 0
      for i = 0, tonumber(ARGV[1]) - 1 do
        for _, entry in ipairs(redis.call('XRANGE', 'frames:log:bench:d' .. i, '-', '+')) do
          for j = 1, #entry[2], 2 do if entry[2][j] == 'frames' then sum = sum + entry[2][j + 1] end end
        end
      end
      return sum
      """
    return Int(try await redis.command("EVAL", sum, "0", "\(devices)")) ?? 0
  }

  func decode() async throws -> Result {
    var result = Result()
    for device in 0..<devices {
      let path = folder.file("client_ids/bench/device_id/d\(device)/hls")
      // The file follows the index a little later.
      let segments = try await eventualValue("the playlist of d\(device)", within: .seconds(20)) {
        try? Self.segments(path + "/playlist.m3u8")
      }
      result.devices += 1
      result.segments += segments.count
      result.shortSegments += segments.count { $0.seconds < 5.5 }
      let joined = folder.file("joined.ts")
      try Data(segments.flatMap { (try? readFile(path + "/" + $0.name)) ?? [] }).write(to: URL(fileURLWithPath: joined))
      if try await !SegmentReader.warnings(ofFile: joined).isEmpty { result.warnings += 1 }
      let numbers = try await SegmentReader.numbers(ofFile: joined)
      result.pictures += numbers.count
      result.unreadable += numbers.count { $0 == nil }
      let found = numbers.compactMap { $0 }
      result.missing += Set(0..<frames).subtracting(found).count
      result.twice += found.count - Set(found).count
      result.outOfOrder += zip(found, found.dropFirst()).count { $0 > $1 }
    }
    return result
  }

  private static func segments(_ path: String) throws -> [(name: String, seconds: Double)] {
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    return zip(lines, lines.dropFirst()).compactMap { line, next in
      guard line.hasPrefix("#EXTINF:"), let seconds = Double(line.dropFirst(8).dropLast()) else { return nil }
      return (next, seconds)
    }
  }
}

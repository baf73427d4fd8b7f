import TestKit

/// What a segment of six 1080p frames costs: by an encoder of ours, and as the reference makes it with ffmpeg and ffprobe.
/// In turn, in one run, CPU of all processes.
struct FramesBench {
  private static let framesASegment = 6

  private let rounds: Int
  private let segments: Int
  private let isGate: Bool

  init(_ options: BenchOptions) {
    rounds = options.number("rounds", 5)
    segments = options.number("segments", 8)
    isGate = options.number("gate", 0) != 0
  }

  func run() async throws {
    say("frame recorder: CPU ms a segment of six 1080p frames, user and system, children included;")
    say("\(rounds) rounds of \(segments) segments each, the reference and millrace in turn")
    for kind in FramePictures.allCases {
      let ratio = try await withFixture { fixture in try await compare(kind, fixture) }
      if isGate, ratio < kind.goal {
        throw BenchError("\(kind.rawValue) pictures: \(cell(ratio, 2)) times cheaper, the goal is \(kind.goal)")
      }
    }
  }

  /// How many times cheaper a segment is.
  private func compare(_ kind: FramePictures, _ fixture: Fixture) async throws -> Double {
    let store = try BenchFrameStore(fixture, try await kind.make(segments * Self.framesASegment))
    let batches = store.batches(of: Self.framesASegment)
    let encoder = EncoderRun(store)
    let reference = ReferenceRun(store)
    do {
      let first = try await encoder.milliseconds(batches.prefix(1))
      say("\n\(kind.rawValue) pictures, \(store.bytes / store.paths.count / 1024) KiB a JPEG")
      say("        reference   millrace      ratio")
      var rows: [(reference: Double, millrace: Double)] = []
      for _ in 0..<rounds {
        rows.append((try await reference.milliseconds(batches), try await encoder.milliseconds(batches)))
        show(rows[rows.count - 1], "")
      }
      let median = (rows.map(\.reference).median, rows.map(\.millrace).median)
      show(median, "median; goal \(kind.goal)")
      say("      \(cell(1000 / median.0, 1))\(cell(1000 / median.1, 1))             segments per second and core")
      say(
        "   an encoder: \(try await encoder.residentMiB()) MiB; its first segment, with its start,\(cell(first, 0)) ms")
      await encoder.stop()
      await reference.stop()
      return median.0 / median.1
    } catch {
      await encoder.stop()
      await reference.stop()
      throw error
    }
  }

  private func show(_ row: (reference: Double, millrace: Double), _ note: String) {
    say("      \(cell(row.reference, 1))\(cell(row.millrace, 1))\(cell(row.reference / row.millrace, 2))   \(note)")
  }
}

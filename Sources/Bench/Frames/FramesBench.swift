import TestKit

/// What a segment of six 1080p frames costs: by an encoder of ours, and as the reference makes it with ffmpeg and ffprobe.
/// In turn, in one run, CPU of all processes.
struct FramesBench {
  private static let framesASegment = 6

  private let rounds: Int
  private let segments: Int

  init(_ options: BenchOptions) {
    rounds = options.number("rounds", 5)
    segments = options.number("segments", 8)
  }

  func run() async throws {
    say("frame recorder: CPU ms a segment of six 1080p frames, user and system, children included;")
    say("\(rounds) rounds of \(segments) segments each, the reference and millrace in turn")
    for kind in FramePictures.allCases {
      try await withFixture { fixture in try await compare(kind, fixture) }
    }
  }

  private func compare(_ kind: FramePictures, _ fixture: Fixture) async throws {
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
    } catch {
      await encoder.stop()
      await reference.stop()
      throw error
    }
    await encoder.stop()
    await reference.stop()
  }

  private func show(_ row: (reference: Double, millrace: Double), _ note: String) {
    say("      \(cell(row.reference, 1))\(cell(row.millrace, 1))\(cell(row.reference / row.millrace, 2))   \(note)")
  }
}

import FrameEncoder
import FrameEncoding
import TestKit

/// A storage folder with one device's frames.
struct FrameStore: Sendable {
  let folder: TemporaryFolder
  static let device = "client_ids/c1/device_id/d1"

  /// Goes with the fixture.
  init(_ fixture: Fixture) throws { try self.init(try fixture.temporaryFolder("storage")) }

  init(_ folder: TemporaryFolder) throws {
    self.folder = folder
    for part in ["frames", "hls/segments"] { try makeFolder(folder.file("\(Self.device)/\(part)")) }
  }

  /// Writes frames; the job's inputs, captured a second apart.
  func add(_ pictures: [[UInt8]], name: String = "frame") throws -> [FrameInput] {
    try pictures.enumerated().map { index, bytes in
      let path = "\(Self.device)/frames/\(name)-\(index).jpg"
      try folder.write(bytes, to: path)
      return input(path, at: index)
    }
  }

  func input(_ path: String, at second: Int = 0) -> FrameInput {
    FrameInput(path: path, client: "c1", captured: 1_700_000_000_000_000 + Int64(second) * 1_000_000)
  }

  func job(_ frames: [FrameInput], segment number: Int = 0, _ change: (inout EncodeJob) -> Void = { _ in }) -> EncodeJob
  {
    var job = EncodeJob(
      base: folder.path, frames: frames, output: "\(Self.device)/hls/segments/.seg_\(number).7.tmp")
    change(&job)
    return job
  }

  func output(of job: EncodeJob) -> String { folder.file(job.output) }
}

extension EncodeJob {
  /// The next segment of the same session.
  func next(_ frames: [FrameInput], after segment: EncodedSegment, output: String) -> EncodeJob {
    var job = self
    job.frames = frames
    job.firstPTS = segment.nextPTS
    job.counters = segment.counters
    job.geometry = .session(segment.size)
    job.output = output
    return job
  }
}

/// Carries out a job in this process; the report of one that must succeed.
func encode(_ job: EncodeJob, by runner: JobRunner = JobRunner()) throws -> EncodeReport {
  try runner.run(.encode(job)).get()
}

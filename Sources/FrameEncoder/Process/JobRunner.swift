internal import CFFmpeg
package import FrameEncoding
internal import Glibc

/// Carries out requests, one at a time, in the process that calls it.
package final class JobRunner {
  private var encoder: VideoEncoder?
  private let afterDecoding: (Picture) -> Void

  package convenience init() { self.init { _ in } }

  /// `afterDecoding` sees each decoded picture: faults are put in there.
  init(afterDecoding: @escaping (Picture) -> Void) {
    // What is wrong with a frame is in its outcome.
    av_log_set_level(AV_LOG_FATAL)
    self.afterDecoding = afterDecoding
  }

  package func run(_ request: EncoderRequest) -> Result<EncodeReport, EncodeFailure> {
    let began = Self.processorMicroseconds()
    return Result { () throws(EncodeFailure) in
      try Self.validate(request)
      var report =
        switch request {
        case .encode(let job): try encode(job)
        case .check(let base, let frames, let limits): try check(frames, below: base, limits)
        }
      report.processorMicroseconds = Self.processorMicroseconds() - began
      return report
    }
  }

  private func check(
    _ frames: [FrameInput], below base: String, _ limits: FrameLimits
  ) throws(EncodeFailure) -> EncodeReport {
    let folder = try FrameFolder(base: base)
    var outcomes: [FrameOutcome] = []
    for frame in frames {
      outcomes.append(try decode(frame, in: folder, limits) { (_) throws(EncodeFailure) in })
    }
    return EncodeReport(frames: outcomes, segment: nil, processorMicroseconds: 0)
  }

  private func encode(_ job: EncodeJob) throws(EncodeFailure) -> EncodeReport {
    let folder = try FrameFolder(base: job.base)
    var builder: SegmentBuilder?
    do throws(EncodeFailure) {
      var outcomes: [FrameOutcome] = []
      for frame in job.frames {
        let outcome = try decode(frame, in: folder, job.limits) { picture throws(EncodeFailure) in
          if builder == nil { builder = try begin(job, in: folder, first: picture) }
          try builder?.add(picture, frame)
        }
        outcomes.append(outcome)
      }
      let segment = try builder?.finish()
      if segment == nil { folder.remove(job.output) }
      return EncodeReport(frames: outcomes, segment: segment, processorMicroseconds: 0)
    } catch {
      // x264 may have stopped in the middle of anything.
      encoder = nil
      folder.remove(job.output)
      throw error
    }
  }

  private func decode(
    _ frame: FrameInput, in folder: borrowing FrameFolder, _ limits: FrameLimits,
    _ use: (Picture) throws(EncodeFailure) -> Void
  ) throws(EncodeFailure) -> FrameOutcome {
    do throws(FrameError) {
      let packet = try folder.read(frame, maxBytes: limits.maxBytes)
      let decoded = try PictureDecoder(limits: limits).decode(packet)
      afterDecoding(decoded.picture)
      do throws(EncodeFailure) { try use(decoded.picture) } catch { throw .failed(error) }
      return .good(truncated: decoded.isTruncated)
    } catch {
      switch error {
      case .bad(let fault, let detail): return .bad(fault, detail: detail)
      case .failed(let failure): throw failure
      }
    }
  }

  private func begin(
    _ job: EncodeJob, in folder: borrowing FrameFolder, first: Picture
  ) throws(EncodeFailure) -> SegmentBuilder {
    let (samples, ticks) = job.timing.sampleRate
    let settings = VideoEncoder.Settings(
      size: job.geometry.size(for: first.size), samples: samples, ticks: ticks, preset: job.preset, crf: job.crf)
    let current: VideoEncoder
    if let kept = encoder, kept.settings == settings {
      current = kept
    } else {
      encoder = nil
      current = try VideoEncoder(settings)
      encoder = current
    }
    return try SegmentBuilder(job, encoder: current, descriptor: try folder.create(job.output))
  }

  private static func validate(_ request: EncoderRequest) throws(EncodeFailure) {
    let problem: String?
    switch request {
    case .encode(let job): problem = job.defect ?? request.defect
    case .check: problem = request.defect
    }
    if let problem { throw EncodeFailure(.request, problem) }
  }

  private static func processorMicroseconds() -> Int64 {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
    return Int64(seconds) * 1_000_000 + Int64(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
  }
}

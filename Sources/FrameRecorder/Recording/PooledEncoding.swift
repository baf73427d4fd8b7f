package import FrameEncoding
internal import Glibc

/// The recorder's encoders: processes of the pool.
package struct PooledEncoding: SegmentEncoding {
  private let pool: EncoderPool
  private let settings: EncodingSettings
  private let onFull: @Sendable () -> Void

  /// `onFull`: an encoder had no space for its segment.
  package init(_ pool: EncoderPool, _ settings: EncodingSettings, onFull: @escaping @Sendable () -> Void = {}) {
    (self.pool, self.settings, self.onFull) = (pool, settings, onFull)
  }

  package func encode(_ job: EncodeJob) async -> EncodeOutcome {
    let outcome = await pool.run(.encode(job))
    if case .failed(let failure) = outcome, failure.isForWantOfSpace { onFull() }
    return EncodeOutcome(outcome)
  }

  package func probe(_ frame: FrameInput) async -> ProbeOutcome {
    ProbeOutcome(
      await pool.run(.check(base: settings.base, frames: [frame], limits: settings.limits), fresh: true))
  }
}

extension EncodeFailure {
  var isForWantOfSpace: Bool { code == .storage && [ENOSPC, EDQUOT].contains(systemError) }
}

extension EncodeOutcome {
  init(_ outcome: EncoderOutcome) {
    switch outcome {
    case .finished(let report): self = .done(report)
    case .failed(let failure):
      switch failure.code {
      case .storage: self = .prevented(failure.message)
      case .codec, .request: self = .failed(failure.message)
      }
    case .crashed(let detail): self = .failed(detail)
    case .timedOut: self = .failed("it took too long and was killed")
    case .notStarted(let detail): self = .prevented(detail)
    case .stopped: self = .prevented("the encoders have been stopped")
    }
  }
}

extension ProbeOutcome {
  /// A frame that cannot be read kills nobody.
  init(_ outcome: EncoderOutcome) {
    switch EncodeOutcome(outcome) {
    case .done: self = .survived
    case .prevented(let reason): self = .prevented(reason)
    case .failed(let reason):
      if case .failed = outcome { self = .survived } else { self = .killed(reason) }
    }
  }
}

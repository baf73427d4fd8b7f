internal import FrameEncoding
internal import FrameRecorder

/// Makes no segment while the storage has no room for it: the frames wait, and no try of theirs counts.
struct PausingEncoding: SegmentEncoding {
  let inner: any SegmentEncoding
  let storage: StorageWatch

  func encode(_ job: EncodeJob) async -> EncodeOutcome {
    if let reason = storage.trouble { return .prevented(reason) }
    return await inner.encode(job)
  }

  func probe(_ frame: FrameInput) async -> ProbeOutcome { await inner.probe(frame) }
}

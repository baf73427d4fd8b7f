/// What the normaliser tells the log, in the order of the stream.
package enum NormalizedEvent {
  /// Whole packets to append; valid during the call.
  case packets(UnsafeRawBufferPointer)
  /// Holds for the packets that follow: a PES packet of the main stream starts there.
  case mark(Mark)
  /// A PCR, 27 MHz, unwrapped; its packet follows.
  case clock(Int64)

  package struct Mark: Sendable {
    /// Decoding can start here.
    package var randomAccess: Bool
    /// The packets that follow begin with PAT and PMT: at each random access point of video, and every 150 ms of audio, of
    /// which each access unit is such a point.
    package var hasTables: Bool
    /// First of another run or timeline; true only together with `randomAccess`. The packets just before this mark are
    /// the splice preface, which somebody who starts here does not need.
    package var discontinuity: Bool
    /// Unwrapped, 90 kHz; the presentation time if the source gives no other.
    package var decodeTime: Int64?
    /// Unwrapped, 90 kHz.
    package var presentationTime: Int64?
    /// With `randomAccess`: the last counter of each PID before this point, for `Splice.preface` when a reader is to
    /// jump here. Else empty.
    package var continuity: ContiguousArray<PIDContinuity>
  }
}

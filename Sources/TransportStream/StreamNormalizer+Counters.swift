extension StreamNormalizer {
  /// What was seen and done, in packets unless it says otherwise.
  package struct Counters: Equatable, Sendable {
    /// All that were pushed.
    package var packets: UInt64 = 0
    /// Put out, tables and splices included.
    package var packetsOut: UInt64 = 0
    /// Counters of the source that were not the next: at least one packet was lost.
    package var continuityErrors: UInt64 = 0
    /// Sent twice by the source; dropped.
    package var duplicates: UInt64 = 0
    /// With transport_error_indicator; dropped.
    package var transportErrors: UInt64 = 0
    /// Without sync byte, with a reserved adaptation_field_control, or an adaptation field longer than the packet;
    /// dropped.
    package var malformed: UInt64 = 0
    /// Null packets; dropped.
    package var nulls: UInt64 = 0
    /// Of the main stream, scrambled: nothing can be read from them.
    package var scrambled: UInt64 = 0
    /// Dropped because no random access point of their run or timeline had come.
    package var droppedBeforeRandomAccess: UInt64 = 0
    /// Points, not packets.
    package var randomAccessPoints: UInt64 = 0
    /// Joints that were put out.
    package var splices: UInt64 = 0
    /// Jumps of the source's own timeline.
    package var timelineJumps: UInt64 = 0
  }
}

/// What `TSCaptureChecker` found.
package struct TSCaptureReport: Sendable {
  /// A packet with discontinuity_indicator, other than the first of its PID.
  package struct Discontinuity: Sendable, Equatable {
    package let packet: Int
    package let pid: UInt16
  }

  /// Two frames of a PID with a flagged discontinuity between them.
  package struct Joint: Sendable, Equatable {
    /// Where the later frame begins.
    package let packet: Int
    package let pid: UInt16
    /// From one decode time to the next, 90 kHz; negative if they went back.
    package let step: Int64
  }

  /// Empty: the capture is right.
  package internal(set) var problems: [TSProblem] = []
  package internal(set) var packetCount = 0
  package internal(set) var nullPacketCount = 0
  /// Null packets are not in it.
  package internal(set) var packetsByPID: [UInt16: Int] = [:]
  /// Elementary PID → stream type of the PMTs seen.
  package internal(set) var streamTypes: [UInt16: UInt8] = [:]
  package internal(set) var discontinuities: [Discontinuity] = []
  package internal(set) var joints: [Joint] = []
  /// DTS (else PTS) of the first and the last frame, 90 kHz.
  package internal(set) var firstTime: [UInt16: UInt64] = [:]
  package internal(set) var lastTime: [UInt16: UInt64] = [:]
  /// The longest way between two frames without a flagged discontinuity between them, 90 kHz.
  package internal(set) var longestStep: [UInt16: UInt64] = [:]
  /// Whether the first payload of a PID belongs to a frame whose beginning is missing. No problem for a receiver.
  package internal(set) var beginsInMidFrame: [UInt16: Bool] = [:]
  /// random_access_indicator of the first picture; nil if there is none.
  package internal(set) var isFirstPictureFlagged: Bool?

  /// The continuity errors that no discontinuity_indicator explains.
  package var continuityErrorCount: Int {
    problems.count { if case .continuity = $0 { true } else { false } }
  }

  /// The PIDs of video streams, in order.
  package var videoPIDs: [UInt16] {
    streamTypes.filter { KeyFrame.isVideo(streamType: $0.value) }.keys.sorted()
  }

  /// From the first to the last frame of a PID, in seconds; timestamps must not have jumped.
  package func seconds(ofPID pid: UInt16) -> Double {
    guard let first = firstTime[pid], let last = lastTime[pid] else { return 0 }
    return Double((last &- first) & 0x1_FFFF_FFFF) / 90_000
  }
}

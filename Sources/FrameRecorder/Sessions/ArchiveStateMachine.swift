/// The making of one archive: a value that says the next step; the shell does it and tells what came of it. Each step may
/// be done again by whoever comes after a death.
///
/// ```
///   begin ─▶ link each segment ─▶ playlist ─▶ record ─▶ ready
///     └──────────┴─ failed ─┴────────┴─▶ clean up ─▶ again later | failed for good
/// ```
package struct ArchiveStateMachine: Sendable {
  package enum Step: Sendable, Equatable {
    /// Script: `ended` or `archiving` becomes `archiving`, the try is counted.
    case begin
    /// Into the archive's folder; that the file is there already is success.
    case link(UInt64)
    /// `playlist.m3u8` of the segments that are there; `missing`: those that are not.
    case writePlaylist(missing: [UInt64])
    /// `archive.json`
    case writeRecord(missing: [UInt64])
    /// Script: `archiving` becomes `ready`.
    case markReady
    /// What the archive's folder holds goes; then the script of the next step.
    case removeFolder
    /// Script: `archiving` becomes `ended`, next action after the pause.
    case tryAgain(after: Duration)
    /// Script: `archiving` becomes `failed`.
    case giveUp
    /// Nothing more is to be done here.
    case stop
  }

  private enum State {
    case beginning
    case linking(next: Int)
    case writingPlaylist
    case writingRecord
    case marking
    case cleaning
    case settling
    case over
  }

  private var state = State.beginning
  private var tries = 0
  private var segments: [UInt64] = []
  private var missing: [UInt64] = []

  package init() {}

  package var step: Step {
    switch state {
    case .beginning: .begin
    case .linking(let next): .link(segments[next])
    case .writingPlaylist: .writePlaylist(missing: missing)
    case .writingRecord: .writeRecord(missing: missing)
    case .marking: .markReady
    case .cleaning: .removeFolder
    case .settling: ArchiveRule.pause(afterTry: tries).map { .tryAgain(after: $0) } ?? .giveUp
    case .over: .stop
    }
  }

  /// `begin` was answered: the number of this try, from 1, and the session's segments, oldest first. Without any there is
  /// nothing to try again.
  package mutating func begun(tries: Int, segments: [UInt64]) {
    guard case .beginning = state else { return }
    (self.tries, self.segments) = (segments.isEmpty ? ArchiveRule.mostTries : tries, segments)
    state = segments.isEmpty ? .cleaning : .linking(next: 0)
  }

  /// A script refused: the session is not in the state that the step needs. Somebody else is at it.
  package mutating func refused() { state = .over }

  /// The step that `step` names is done.
  package mutating func done() {
    switch state {
    case .linking(let next): state = linked(next)
    case .writingPlaylist: state = .writingRecord
    case .writingRecord: state = .marking
    case .cleaning: state = .settling
    case .marking, .settling: state = .over
    case .beginning, .over: break
    }
  }

  /// An archive of nothing is none: perhaps the storage is not there.
  private func linked(_ last: Int) -> State {
    if last + 1 < segments.count { return .linking(next: last + 1) }
    return missing.count < segments.count ? .writingPlaylist : .cleaning
  }

  /// The segment that was to be linked does not exist any more.
  package mutating func segmentIsMissing() {
    guard case .linking(let next) = state else { return }
    missing.append(segments[next])
    done()
  }

  /// The step failed. Without Redis nothing can be said there: whoever has the checker's lease next goes on.
  package mutating func failed() {
    switch state {
    case .linking, .writingPlaylist, .writingRecord: state = .cleaning
    // Left-overs are the next try's.
    case .cleaning: state = .settling
    case .beginning, .marking, .settling, .over: state = .over
    }
  }
}

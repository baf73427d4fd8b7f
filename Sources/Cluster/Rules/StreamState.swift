package import Identifiers

/// Who runs a stream.
package enum StreamState: Sendable, Equatable {
  /// Nobody. Exits: a claim makes it `owned`; forgetting or deleting it `gone`.
  case idle
  /// Exits: its release `idle` or `failed`; a decided stop `stopping`; a takeover `owned`; deletion `deleted`.
  case owned(Ownership, StreamUpdate.Phase)
  /// The owner closes the source; the epoch has grown, so that it publishes no more. Never has clients. Exits: its
  /// release or a client `idle`; a claim `owned`; deletion `deleted`; forgetting `gone`.
  case stopping(Ownership, StopReason)
  /// Given up for good, nobody runs it. Exits: as `idle`; a new registration makes it `idle`.
  case failed
  /// Unknown to all but its last owner, who closes the source. Exits: its release or forgetting `gone`; a new
  /// registration `idle`.
  case deleted(Ownership)
  /// To be taken out of the book.
  case gone

  /// The owner that may publish.
  package var owner: Ownership? {
    switch self {
    case .owned(let owner, _): owner
    case .idle, .stopping, .failed, .deleted, .gone: nil
    }
  }

  /// Whether the id answers to anybody but its last owner.
  package var isVisible: Bool {
    switch self {
    case .idle, .owned, .stopping, .failed: true
    case .deleted, .gone: false
    }
  }

  package var status: StreamStatus {
    switch self {
    case .idle, .gone: .idle
    case .owned(_, .starting): .starting
    case .owned(_, .running): .running
    case .owned(_, .holding): .holding
    case .stopping, .deleted: .stopping
    case .failed: .failed
    }
  }

  /// What an owner's call with `epoch` is answered; nil: it is the owner.
  package func fence(_ epoch: Epoch) -> FencedResult.Fence? {
    switch self {
    case .owned(let owner, _): owner.epoch == epoch ? nil : .superseded(by: owner)
    case .stopping(let owner, _), .deleted(let owner): owner.epoch == epoch ? .stopping : .superseded(by: nil)
    case .idle, .failed: .superseded(by: nil)
    case .gone: .unknown
    }
  }
}

/// A frame of a request whose body has come.
package enum StagedFrame: Sendable, Equatable {
  /// Durable under a temporary name.
  case stored(SessionID, PictureFormat, temporary: StoragePath)
  case refused(DeadLetterReason)
}

/// What became of a frame of a request.
package enum FrameAnswer: Sendable, Equatable {
  /// Of a repeated request: what it was answered the first time.
  case accepted(eventID: String, path: String)
  case refused(DeadLetterReason)
  /// For now; see the error.
  case failed
}

/// Why a request is not taken. All but the collision are over some time.
package struct IntakeError: Error, Sendable, Equatable {
  package enum Code: Sendable, Equatable {
    /// Another raw client id, this one, has the client's folder.
    case clientCollision(String)
    case storeUnavailable
    /// So many entries wait: of the partition, of the device.
    case backlog(Int)
    case deviceBacklog(Int)
    /// No space, or none to write to.
    case storageLow
    /// The folder of the device is none.
    case unusable(StorageError)
  }

  package let code: Code
  /// What became of each frame, where some were accepted.
  package internal(set) var frames: [FrameAnswer] = []

  init(_ code: Code, _ frames: [FrameAnswer] = []) { (self.code, self.frames) = (code, frames) }

  init(_ error: StorageError) {
    switch error.code {
    case .full, .failed, .missing, .exists: self.init(.storageLow)
    case .outside, .wrongKind: self.init(.unusable(error))
    }
  }
}

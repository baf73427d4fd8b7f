internal import FrameRecorder
internal import HTTP
internal import JSONCoding

extension Problem {
  /// What a client learns of a request that is not taken. Nil: a bug, or what the server answers itself.
  init?(intake error: any Error) {
    switch error {
    case let error as IntakeError: self.init(error)
    case IntakeFormError.invalid(let faults): self = .validation(faults.map { InvalidField($0) })
    case IntakeFormError.otherClient:
      self.init(.forbidden, code: "client-mismatch", detail: "The token belongs to another client")
    case MultipartError.notMultipart:
      self.init(.unsupportedMediaType, code: "not-multipart", detail: "\(MultipartError.notMultipart)")
    case let error as MultipartError: self.init(.badRequest, code: "multipart-invalid", detail: "\(error)")
    case let problem as Problem: self = problem
    default: return nil
    }
  }

  private init?(_ error: IntakeError) {
    switch error.code {
    case .clientCollision:
      self.init(
        .unprocessableContent, code: "client-collision",
        detail: "Another client id has this client's folder; ids have to differ in A-Z a-z 0-9 _ -")
    case .storeUnavailable: self = .storeUnavailable
    case .backlog:
      self.init(
        .serviceUnavailable, code: "backlog", detail: "Too many frames wait to be recorded", retryAfter: 10)
    case .deviceBacklog:
      self.init(
        .tooManyRequests, code: "device-backlog", detail: "Too many frames of the device wait to be recorded",
        retryAfter: 10)
    case .storageLow:
      self.init(
        .insufficientStorage, code: "storage-low", detail: "The storage can take no frames now", retryAfter: 30)
    case .unusable: return nil
    }
    if !error.frames.isEmpty { members.append(Member("frames", json: JSON.frames(error.frames).text)) }
  }

  static func noFrameAcceptable(_ frames: [FrameAnswer]) -> Problem {
    Problem(
      .unprocessableContent, code: "no-frame-acceptable", detail: "None of the frames can be recorded",
      members: [Member("frames", json: JSON.frames(frames).text)])
  }

  static func frameTooLarge(_ most: Int) -> Problem {
    Problem(
      .contentTooLarge, code: "frame-too-large", detail: "A frame has more than FRAMES_MAX_FRAME_BYTES=\(most) bytes")
  }

  static func tooSlow(_ most: Duration) -> Problem {
    Problem(
      .requestTimeout, code: "request-timeout", detail: "The request took over \(most.components.seconds) s")
  }

  static func tooManyFrames(_ most: Int) -> Problem {
    Problem(
      .unprocessableContent, code: "too-many-frames",
      detail: "A request has at most FRAMES_MAX_PER_REQUEST=\(most) frames")
  }

  static func tooManyParts(_ most: Int) -> Problem {
    Problem(
      .unprocessableContent, code: "too-many-parts", detail: "A request has at most \(most) parts besides frames")
  }
}

extension InvalidField {
  fileprivate init(_ fault: IntakeFieldFault) {
    let place = fault.name.contains("-") ? "header" : "body"
    switch fault.fault {
    case .missing: self.init(type: .missing, location: [place, fault.name], message: "Field required")
    case .tooLong(let most):
      self.init(
        type: .stringTooLong, location: [place, fault.name],
        message: "String should have at most \(most) characters")
    case .invalid:
      let what = fault.name == IntakeField.timestamp.rawValue ? "not a time" : "not a text without control characters"
      self.init(type: .valueError, location: [place, fault.name], message: "Value error, " + what)
    }
  }
}

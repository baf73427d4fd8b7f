internal import FrameRecorder
internal import HTTP

/// Reads the body of one request: fields into a form, frames into the storage, each as it comes.
struct FrameFormReader {
  private var parser: MultipartParser
  private let sender: IntakeSender
  private let settings: IntakeSettings
  private var form = IntakeForm()
  private var part = Part.ignored
  private var otherParts = 0
  private let end: ContinuousClock.Instant

  private enum Part {
    case frame
    case field(IntakeField, [UInt8])
    case ignored
  }

  /// Parts beside frames, known or not.
  private static let mostOtherParts = 64

  init(boundary: MultipartBoundary, sender: IntakeSender, settings: IntakeSettings) {
    parser = MultipartParser(boundary)
    (self.sender, self.settings) = (sender, settings)
    end = .now + settings.mostTime
  }

  /// Throws `MultipartError`, `Problem`, `IntakeError`, `RequestBodyError`.
  mutating func read(_ body: BodyStream?, into uploads: FrameUploads) async throws -> IntakeForm {
    if let body {
      while let piece = try await body.next() { try await take(piece, into: uploads) }
    }
    try parser.finish()
    return form
  }

  /// By itself, as is what it calls: with all in one function the optimiser of Swift 6.3 crashes over the typed errors.
  @inline(never)
  private mutating func take(_ piece: [UInt8], into uploads: FrameUploads) async throws {
    guard ContinuousClock.now < end else { throw Problem.tooSlow(settings.mostTime) }
    for event in try parser.feed(piece) { try await take(event, into: uploads) }
  }

  @inline(never)
  private mutating func take(_ event: MultipartParser.Event, into uploads: FrameUploads) async throws {
    switch event {
    case .part(let head): try begin(head, uploads)
    case .data(let bytes):
      switch part {
      case .frame:
        guard try await uploads.write(bytes) else { throw Problem.frameTooLarge(settings.maxFrameBytes) }
      case .field(let field, var value):
        part = .ignored
        value += bytes.prefix(IntakeField.mostBytes + 1 - value.count)
        part = .field(field, value)
      case .ignored: break
      }
    case .partEnd:
      switch part {
      case .frame: try await uploads.end()
      case .field(let field, let value): form.set(field, value)
      case .ignored: break
      }
      part = .ignored
    }
  }

  private mutating func begin(_ head: MultipartHead, _ uploads: FrameUploads) throws(Problem) {
    if head.name == "frame" {
      guard uploads.begin(form.device(sender)) else { throw .tooManyFrames(settings.maxFrames) }
      part = .frame
      return
    }
    otherParts += 1
    guard otherParts <= Self.mostOtherParts else { throw .tooManyParts(Self.mostOtherParts) }
    part = IntakeField(rawValue: head.name).map { .field($0, []) } ?? .ignored
  }
}

/// Why a request was not carried out, with the encoder alive. Nothing is left of its output.
package struct EncodeFailure: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Code: UInt8, Sendable {
    /// The disk: full, read-only, gone, an I/O error. No frame's fault; `systemError` says which.
    case storage
    /// libav or x264 refused what should have worked.
    case codec
    /// The request itself cannot be carried out: too long, a base that is not absolute, …
    case request
  }

  package var code: Code
  /// The `errno` behind it; 0 if no system call failed.
  package var systemError: Int32
  /// What happened, to what.
  package var message: String

  package init(_ code: Code, systemError: Int32 = 0, _ message: String) {
    self.code = code
    self.systemError = systemError
    self.message = message
  }

  package var description: String { message }
}

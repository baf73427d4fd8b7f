/// A session as `frames:archives` names it: `<c>:<d>:<session>`.
package struct ArchiveMember: Hashable, Sendable, CustomStringConvertible {
  package let device: DevicePair
  package let session: SessionID

  package init(_ device: DevicePair, _ session: SessionID) { (self.device, self.session) = (device, session) }

  /// Nil unless `text` is one.
  package init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), let device = DevicePair(String(text[..<colon])),
      let session = SessionID(String(text[text.index(after: colon)...]))
    else { return nil }
    self.init(device, session)
  }

  package var description: String { "\(device):\(session)" }
}

/// A frame that is not recorded, and why.
package struct DeadLetter: Sendable, Equatable {
  package var entry: EntryID
  /// As the producer sent them; empty where the event tells none.
  package var client: String
  package var device: String
  package var reason: DeadLetterReason
  /// For people: the field, the limit …
  package var detail: String
  package var tries: Int

  package init(
    _ entry: EntryID, client: String = "", device: String = "", reason: DeadLetterReason, detail: String = "",
    tries: Int = 0
  ) {
    (self.entry, self.client, self.device) = (entry, client, device)
    (self.reason, self.detail, self.tries) = (reason, detail, tries)
  }

  var arguments: [String] { [entry.description, client, device, reason.rawValue, detail, String(tries)] }
}

import Cluster
import Identifiers
import Testing

@Suite("Inbox messages") struct InboxMessageTests {
  @Test(
    "each is read as it was written",
    arguments: [
      .start(Make.stream()), .takeover(Make.stream(2)), .stop(Make.stream()),
      .kick(Make.stream(), Make.client("a:b@c")),
      .handover(Make.stream(), Epoch(.max), from: WorkerID("host-8085")), .partition(0), .partition(4_095),
    ] as [InboxMessage])
  func roundTrip(_ message: InboxMessage) {
    #expect(InboxMessage(fields: message.fields) == message)
  }

  @Test(
    "anything else is no message",
    arguments: [
      [], [("do", "start")], [("stream", Make.stream().text)], [("do", "run"), ("stream", Make.stream().text)],
      [("do", "partition")], [("do", "partition"), ("partition", "4096")], [("do", "partition"), ("partition", "-1")],
      [("do", "start"), ("stream", "../../etc/passwd")], [("do", "kick"), ("stream", Make.stream().text)],
      [("do", "kick"), ("stream", Make.stream().text), ("client", "a b")],
      [("do", "handover"), ("stream", Make.stream().text), ("epoch", "-1"), ("from", "w")],
      [("do", "handover"), ("stream", Make.stream().text), ("epoch", "1"), ("from", "")],
      [
        ("do", "handover"), ("stream", Make.stream().text), ("epoch", "1"),
        ("from", String(repeating: "w", count: 256)),
      ],
    ] as [[(String, String)]])
  func hostile(_ fields: [(String, String)]) {
    #expect(InboxMessage(fields: fields) == nil)
  }
}

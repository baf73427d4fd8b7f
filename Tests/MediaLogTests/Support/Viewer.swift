import EventLoop
import Glibc
import Identifiers
import MediaLog

/// A log in a test, with loops for its readers.
protocol ReadableRig: Sendable {
  var log: StreamLog { get }
  var loops: LoopGroup { get }
  var services: FanOutServices { get }
}

/// A viewer of a rig's log at the end of a wire.
final class Viewer: Sendable {
  struct Settings: Sendable {
    var kind = Wire.Kind.pair
    var buffer: Int32?
    var isChunked = false
    var startSecondsBehind = 0.0
    var writeTimeoutSeconds = 60
    var pace = Receivers.Pace.free
    /// The socket takes nothing at first: what fills it comes before the content.
    var isFull = false
    var loop = 0
  }

  private struct Attached {
    let fanOut: FanOut
    let reader: FanOutReader
  }

  private let receivers: Receivers
  private let receiver: Receivers.ID
  private let filling: Int
  private let loop: EventLoop
  private let attached: LoopBound<Attached>
  private let socket: Socket
  private let ended = Shared<[FanOutReader.End]>([])

  /// `onEnd` runs on the viewer's loop, after the socket is closed.
  init(
    of rig: some ReadableRig, _ receivers: Receivers, _ change: (inout Settings) -> Void = { _ in },
    onEnd: @escaping @Sendable () -> Void = {}
  ) async throws {
    var settings = Settings()
    change(&settings)
    let wire = try Wire(settings.kind, buffer: settings.buffer)
    filling = settings.isFull ? wire.fill() : 0
    self.receivers = receivers
    receiver = receivers.add(wire.receiving, settings.pace)
    loop = rig.loops.loops[settings.loop]
    let options = FanOutReader.Options(
      isChunked: settings.isChunked, startSecondsBehind: settings.startSecondsBehind,
      writeTimeoutSeconds: settings.writeTimeoutSeconds)
    let socket = Socket(wire.sending)
    self.socket = socket
    guard let client = ClientID("viewer-\(receiver)") else { throw Wire.Failure(call: "client id") }
    attached = await loop.run { [rig, loop, ended] in
      let fanOut = rig.log.fanOut(on: loop, services: rig.services)
      let reader = FanOutReader(client: client, descriptor: wire.sending, options: options) { end in
        ended.change { $0.append(end) }
        socket.close(isReset: end != .complete)
        onEnd()
      }
      let attached = LoopBound(Attached(fanOut: fanOut, reader: reader), loop: loop)
      fanOut.add(reader)
      return attached
    }
  }

  /// Why the log has ended the viewer; nil while it has not.
  var end: FanOutReader.End? { ended.value.first }
  /// How often the log has said that it ended; never above 1.
  var endCount: Int { ended.value.count }
  var content: [UInt8] { Array(receivers.content(receiver).dropFirst(filling)) }
  var count: Int { max(0, receivers.count(receiver) - filling) }
  var connectionEnd: Receivers.End? { receivers.end(receiver) }

  func set(_ pace: Receivers.Pace) { receivers.set(receiver, pace) }

  /// The viewer's own end of the wire goes away.
  func hangUp() { receivers.leave(receiver) }

  /// The server takes the viewer off, as it does when it hears that it has gone.
  func remove() async {
    await loop.run { [self] in removeOnLoop() }
  }

  func removeOnLoop() {
    attached.value.fanOut.remove(attached.value.reader)
    socket.close(isReset: false)
  }

  /// Media bytes and null packets that the reader has sent.
  func bytesServed() async -> UInt64 { await loop.run { [attached] in attached.value.reader.bytesServed } }

  /// A descriptor that is closed once.
  private final class Socket: Sendable {
    private let descriptor: Shared<Int32>

    init(_ descriptor: Int32) { self.descriptor = Shared(descriptor) }

    func close(isReset: Bool) {
      descriptor.change { descriptor in
        guard descriptor >= 0 else { return }
        if isReset {
          var option = linger(l_onoff: 1, l_linger: 0)
          setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        }
        Glibc.close(descriptor)
        descriptor = -1
      }
    }
  }
}

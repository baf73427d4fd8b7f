internal import EventLoop

/// From the answer to the socket.
extension HTTPConnection {
  /// Writes on; arms the write watch only when the socket takes no more.
  func flush() {
    guard var output else { return }
    self.output = nil
    let (written, progress) = output.write(to: descriptor)
    server.context.metrics.bytesOutTotal.increment(by: written)
    switch progress {
    case .failed: close()
    case .done:
      writeWatch?.cancel()
      writeWatch = nil
      if !pull() { finish() }
    case .blocked:
      self.output = output
      machine.blocked(now: .now)
      if writeWatch == nil {
        writeWatch = server.loop.watchWritable(descriptor) { [unowned self] in writable() }
      }
    }
  }

  private func writable() {
    flush()
    pump()
  }

  private func finish() {
    guard let sequel = machine.written(now: .now) else { return }
    report()
    switch sequel {
    case .nextRequest: exchange = nil
    case .close: closeInOrder()
    case .linger: linger()
    case .giveAway: giveAway()
    }
  }
}

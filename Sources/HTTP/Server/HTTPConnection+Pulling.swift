internal import EventLoop

/// A body that is made while it is written.
extension HTTPConnection {
  /// Asks for the next piece, now that the last one is in the socket. False: nothing is missing.
  func pull() -> Bool {
    guard let pulling, !pulling.isComplete else { return false }
    // A piece has as long as a blocked write.
    machine.blocked(now: .now)
    let connection = LoopBound(self, loop: server.loop)
    task = Task(executorPreference: server.loop) { [next = pulling.body.next] in
      let outcome: Result<[UInt8], any Error>
      do {
        outcome = .success(try await next())
      } catch {
        outcome = .failure(error)
      }
      connection.value.pulled(outcome)
    }
    return true
  }

  private func pulled(_ outcome: Result<[UInt8], any Error>) {
    task = nil
    guard pulling != nil else { return }
    switch outcome {
    case .success(let piece): write(piece)
    case .failure(let error):
      report(error)
      close()
    }
    pump()
  }

  private func write(_ piece: [UInt8]) {
    guard case .write(let before, let isLast)? = pulling?.took(piece.count) else {
      report(PulledBodyCut())
      return close()
    }
    if isLast { pulling = nil }
    output = ResponseOutput(head: before, body: .bytes(piece))
    flush()
  }

  private func report(_ error: any Error) {
    server.context.hooks.onError(
      "A body was cut short",
      [
        "request.id": exchange?.requestID ?? "", "http.route": exchange?.route ?? "",
        "error": String(describing: error),
      ])
  }
}

private struct PulledBodyCut: Error, CustomStringConvertible {
  var description: String { "it has not the length that was announced" }
}

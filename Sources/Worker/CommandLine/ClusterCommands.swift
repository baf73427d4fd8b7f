/// `millrace status` and `millrace drain`.
struct ClusterCommands {
  let client: WorkerClient
  let write: @Sendable (String) -> Void
  let writeError: @Sendable (String) -> Void
  /// Between two looks of `--watch`.
  var interval: Duration = .seconds(1)

  /// Moves to the upper left corner and clears the screen (ECMA-48: CUP, ED).
  private static let clear = "\u{1B}[H\u{1B}[2J"

  /// The exit status. `watches`: goes on until the task is cancelled, through workers that do not answer.
  func status(watches: Bool) async -> Int32 {
    guard watches else { return show(before: "") }
    while !Task.isCancelled {
      _ = show(before: Self.clear)
      try? await Task.sleep(for: interval)
    }
    return 0
  }

  private func show(before: String) -> Int32 {
    do throws(WorkerClient.Failure) {
      write(before + (try ClusterStatus(from: client)).text)
      return 0
    } catch {
      writeError(before + "millrace: \(error.message)\n")
      return 1
    }
  }

  /// The exit status. Whoever answers at the address knows the others; each is asked itself.
  func drain(_ worker: String) -> Int32 {
    do throws(WorkerClient.Failure) {
      do throws(WorkerClient.Failure) {
        try client.post(path(worker))
      } catch  where error.status == 404 {
        try other(worker).post(path(worker))
      }
      write("\(worker) drains: it hands over what it runs, and ends.\n")
      return 0
    } catch {
      writeError("millrace: \(error.message)\n")
      return 1
    }
  }

  private func path(_ worker: String) -> String { "/workers/\(escaped(worker))/drain" }

  private func other(_ worker: String) throws(WorkerClient.Failure) -> WorkerClient {
    let workers = try ClusterStatus.workers(from: client)
    guard let found = workers.first(where: { $0.id == worker }) else {
      let names = workers.map(\.id).sorted().joined(separator: ", ")
      throw WorkerClient.Failure(message: "no worker '\(worker)'; the workers are \(names)")
    }
    guard let address = WorkerAddress("http://\(found.address)") else {
      throw WorkerClient.Failure(message: "\(worker) says that it is at '\(found.address)': ask it itself, with --url")
    }
    return WorkerClient(address: address, token: client.token)
  }

  /// A name in a path.
  private func escaped(_ name: String) -> String {
    name.utf8.map { byte in
      let character = Character(Unicode.Scalar(byte))
      let isPlain = byte < 0x80 && (character.isLetter || character.isNumber || "-._~:@".contains(character))
      return isPlain ? String(character) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }.joined()
  }
}

/// How a worker runs its encoder processes.
package struct EncoderPoolSettings: Equatable, Sendable {
  package var executable: String
  /// All of its environment.
  package var environment: [String: String]
  /// Most processes at a time, ≥ 1. They are started when there is something to do.
  package var processes: Int
  /// From when a request is given to a process, its start included, to the SIGKILL.
  package var timeout: Duration
  /// Requests after which a process is replaced.
  package var requestsAProcess: Int
  /// Requests that may wait; one more is refused.
  package var queueLimit: Int

  package init(
    executable: String = EncoderProgram.path, environment: [String: String] = [:], processes: Int,
    timeout: Duration = .seconds(30), requestsAProcess: Int = 10_000, queueLimit: Int = 100_000
  ) {
    self.executable = executable
    self.environment = environment
    self.processes = max(1, processes)
    self.timeout = timeout
    self.requestsAProcess = max(1, requestsAProcess)
    self.queueLimit = queueLimit
  }
}
